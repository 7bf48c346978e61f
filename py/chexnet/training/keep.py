"""Writes down a training on its way: checkpoints, the best model so far, and why it went wrong."""

import errno
import os
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

import torch

from chexnet.mistakes import NoRoom, UserError
from chexnet.runtime.journal import FULL_DISK, Checkpoint
from chexnet.training.averages import Tensors
from chexnet.training.checkpoint import LATEST_FILE, Snapshot, best_name, clear, save_checkpoint
from chexnet.training.entry import warn
from chexnet.training.export import model_content
from chexnet.training.files import write_tensors
from chexnet.training.network import snapshot_tensors, weights_are_finite
from chexnet.training.progress import Best, OtherRanks, Progress, Tally
from chexnet.training.session import Session, Unwritten

Wrong: TypeAlias = Literal["loss", "gradient", "weights"]

# So many checkpoints in a row may find the disk full before the training stops.
MOST_FAILURES = 3

# The frame of a file of tensors, latest.json and the steps.
_AROUND_TENSORS = 1 << 20


@dataclass(frozen=True, slots=True)
class _Refused:
    """A checkpoint that a full disk did not take: the error's number, bytes needed and free. The same on all ranks."""

    number: int
    needed: int
    free: int


def save(session: Session, progress: Progress, *, begun: float | None) -> Progress:
    """Save a checkpoint; `begun`: when the current epoch did (perf_counter), None between epochs. Collective.

    A full disk is borne: the checkpoint before stays, and the next one is tried. Raises NoRoom where it is the last one
    of the training or the MOST_FAILURES-th in a row. Raises UserError when the weights are no longer finite.
    """
    log = session.log
    log.flush()
    if not weights_are_finite(session.network.model):
        raise divergence(session, progress.step, "weights", range(session.world.size))
    tally = Tally(skipped_in_a_row=log.skipped_in_a_row)
    if begun is not None:
        tally = Tally(
            losses=tuple(log.losses),
            seconds=tuple(log.seconds),
            waited=log.waited,
            elapsed=time.perf_counter() - begun,
            skipped=log.skipped,
            skipped_in_a_row=log.skipped_in_a_row,
        )
    progress = replace(progress, tally=tally)
    tensors = snapshot_tensors(session.network, session.accelerator, session.world)
    refused = _agreed(session, _write(session, progress, tensors) if session.world.leads else None)
    if refused is None:
        session.unsaved, session.saved_step = 0, progress.step
        return progress
    session.unsaved += 1
    if progress.finished or session.unsaved >= MOST_FAILURES:
        raise _no_room(session, progress, refused)
    if session.world.leads:
        warn(session.journal, _borne(session, progress, refused))
    return progress


def keep_best(session: Session, best: Best, tensors: Tensors, other_ranks: Sequence[OtherRanks]) -> None:
    """Take the model of the best epoch so far; the checkpoint that follows writes it and refers to it."""
    if session.world.leads:
        began = session.network.started_from
        content = model_content(session.job, best, tensors, began, other_ranks=other_ranks)
        session.unwritten = Unwritten(name=best_name(best.epoch), content=content)


def divergence(session: Session, step: int, what: Wrong, ranks: Sequence[int]) -> UserError:
    """Names the images of the step at which numbers stopped being finite, of these ranks."""
    verb = "are" if what == "weights" else "is"
    return UserError(
        f"The {what} {verb} no longer finite at step {step}. Images of that step: {_images(session, step, ranks)}.",
        f"Lower optimizer.lr, set clip_norm, or look at these images.{_kept(session)}",
    )


def overflow(session: Session, step: int, count: int) -> UserError:
    """Names the images of the last of `count` steps that fp16 left out without one between them that it took."""
    images = _images(session, step, range(session.world.size))
    return UserError(
        f"fp16 left out {count} steps in a row, the last of them step {step}: their gradients are too large for it at "
        f"a scale of {session.network.scaler.get_scale():g}. Images of that step: {images}.",
        f"Train in bf16 or fp32, lower optimizer.lr, or look at these images.{_kept(session)}",
    )


def _write(session: Session, progress: Progress, tensors: Mapping[str, Any]) -> _Refused | None:
    """Best model, steps and checkpoint; what refused it. For rank 0."""
    folder, best, unwritten = session.job.resume, session.best, session.unwritten
    # First: the room that it takes may be what is missing.
    clear(folder, best)
    try:
        if unwritten is not None:
            session.best, session.unwritten = write_tensors(folder / unwritten.name, unwritten.content), None
        progress = replace(progress, steps_bytes=session.log.sync())
        snapshot = Snapshot(progress=progress, identity=session.identity, best=session.best, tensors=dict(tensors))
        written = save_checkpoint(folder, snapshot)
    except OSError as error:
        if error.errno not in FULL_DISK:
            raise
        # A best model that no checkpoint knows of is in the way of the next try, which writes it again.
        session.best, session.unwritten = best, unwritten
        clear(folder, best)
        left = None if unwritten is None else unwritten.content
        needed = _tensor_bytes(tensors) + _tensor_bytes(left) + _AROUND_TENSORS
        return _Refused(number=error.errno, needed=needed, free=shutil.disk_usage(folder).free)
    session.journal.append(
        Checkpoint(
            step=progress.step,
            epoch=progress.epoch,
            path=str(folder / written.name),
            sha256=written.sha256,
            bytes=written.bytes,
        )
    )
    return None


def _agreed(session: Session, refused: _Refused | None) -> _Refused | None:
    """Rank 0's, on every rank. Collective."""
    share = session.world.share
    number = share(0 if refused is None else refused.number)
    if number == 0:
        return None
    mine = refused or _Refused(number, 0, 0)
    return _Refused(number=number, needed=share(mine.needed), free=share(mine.free))


def _borne(session: Session, progress: Progress, refused: _Refused) -> str:
    kept = f"the checkpoint of step {session.saved_step} is kept" if session.saved_step else "there is none before it"
    return (
        f"the checkpoint of step {progress.step} was not saved ({session.unsaved} of {MOST_FAILURES} failures in a row "
        f"that end the training): {_why(session, refused)}; {kept}"
    )


def _no_room(session: Session, progress: Progress, refused: _Refused) -> NoRoom:
    times = "" if session.unsaved == 1 else f" for the {_ordinal(session.unsaved)} time in a row"
    place = f"from step {session.saved_step}, its last checkpoint" if session.saved_step else "from its beginning"
    return NoRoom(
        f"The checkpoint of step {progress.step} could not be saved{times}: {_why(session, refused)}.",
        f"Free {_megabytes(refused.needed)} there and run again: training goes on {place}.",
        refused.number,
    )


def _why(session: Session, refused: _Refused) -> str:
    free = f"{_megabytes(refused.free)} are free" if refused.number == errno.ENOSPC else "the quota is used up"
    return f"{os.strerror(refused.number)} in {session.job.resume}, it needs {_megabytes(refused.needed)} and {free}"


def _ordinal(count: int) -> str:
    return {2: "second", 3: "third"}.get(count, f"{count}th")


def _megabytes(count: int) -> str:
    return f"{count / 1e6:.0f} MB"


def _tensor_bytes(value: object) -> int:
    if isinstance(value, torch.Tensor):
        return value.numel() * value.element_size()
    if isinstance(value, Mapping):
        return sum(map(_tensor_bytes, value.values()))
    return sum(map(_tensor_bytes, value)) if isinstance(value, list | tuple) else 0


def _images(session: Session, step: int, ranks: Sequence[int]) -> str:
    batch = session.plan.batch(step)
    shares = [session.plan.shares(batch, rank=rank, ranks=session.world.size, passes=1)[0] for rank in ranks]
    return ", ".join(session.training.fold.images[at] for share in shares for at in share.positions[: share.real])


def _kept(session: Session) -> str:
    return " The last good checkpoint is kept." if (session.job.resume / LATEST_FILE).exists() else ""
