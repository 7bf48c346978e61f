"""Writes down a training on its way: checkpoints, the best model so far, and why it went wrong."""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, TypeAlias

from chexnet.mistakes import UserError
from chexnet.runtime.journal import Checkpoint
from chexnet.training.averages import Tensors
from chexnet.training.checkpoint import LATEST_FILE, Snapshot, best_name, save_checkpoint
from chexnet.training.export import model_content
from chexnet.training.files import write_tensors
from chexnet.training.network import snapshot_tensors, weights_are_finite
from chexnet.training.progress import Best, Progress, Tally
from chexnet.training.session import Session

Wrong: TypeAlias = Literal["loss", "gradient", "weights"]


def save(session: Session, progress: Progress, *, begun: float | None) -> Progress:
    """Save a checkpoint; `begun`: when the current epoch did (perf_counter), None between epochs. Collective.

    Raises UserError instead when the weights are no longer finite: the checkpoint before is kept.
    """
    log = session.log
    log.flush()
    if not weights_are_finite(session.network.model):
        raise divergence(session, progress.step, "weights", range(session.world.size))
    tally = Tally()
    if begun is not None:
        elapsed = time.perf_counter() - begun
        tally = Tally(losses=tuple(log.losses), seconds=tuple(log.seconds), waited=log.waited, elapsed=elapsed)
    progress = replace(progress, tally=tally, steps_bytes=log.sync())
    tensors = snapshot_tensors(session.network, session.accelerator, session.world)
    if session.world.leads:
        snapshot = Snapshot(progress=progress, identity=session.identity, best=session.best, tensors=tensors)
        written = save_checkpoint(session.job.resume, snapshot)
        session.journal.append(
            Checkpoint(
                step=progress.step,
                epoch=progress.epoch,
                path=str(session.job.resume / written.name),
                sha256=written.sha256,
                bytes=written.bytes,
            )
        )
    return progress


def keep_best(session: Session, best: Best, tensors: Tensors) -> None:
    """Write the model of the best epoch so far; the checkpoint that follows refers to it."""
    if session.world.leads:
        content = model_content(session.job, best, tensors, session.network.started_from)
        session.best = write_tensors(session.job.resume / best_name(best.epoch), content)


def divergence(session: Session, step: int, what: Wrong, ranks: Sequence[int]) -> UserError:
    """Names the images of the step at which numbers stopped being finite, of these ranks."""
    batch = session.plan.batch(step)
    shares = [session.plan.shares(batch, rank=rank, ranks=session.world.size, passes=1)[0] for rank in ranks]
    images = [session.training.fold.images[at] for share in shares for at in share.positions[: share.real]]
    verb = "are" if what == "weights" else "is"
    kept = " The last good checkpoint is kept." if (session.job.resume / LATEST_FILE).exists() else ""
    return UserError(
        f"The {what} {verb} no longer finite at step {step}. Images of that step: {', '.join(images)}.",
        f"Lower optimizer.lr, set clip_norm, or look at these images.{kept}",
    )
