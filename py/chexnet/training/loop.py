"""The training loop."""

import time
from contextlib import closing
from dataclasses import replace
from itertools import islice

from chexnet.runtime.journal import Epoch
from chexnet.training.freeze import set_learning
from chexnet.training.history import Spent, Validation, history_row, metrics_of
from chexnet.training.keep import divergence, keep_best, overflow, save
from chexnet.training.loader import ahead
from chexnet.training.network import exported_tensors
from chexnet.training.progress import Progress, candidate_of, judge
from chexnet.training.recipe import Metric
from chexnet.training.schedule import after_epoch
from chexnet.training.session import Session
from chexnet.training.step import take_step
from chexnet.training.step_log import NonFinite, OverflowedLong
from chexnet.training.validate import validate


def train(session: Session, progress: Progress) -> Progress:
    """Train on from `progress` to the end, or to the next step after a request to stop. Collective.

    What is returned has been saved unless a full disk refused it (session.saved_step). Raises UserError when loss or
    gradient are no longer finite, NoRoom when the disk stays full.
    """
    try:
        while not progress.finished:
            begun = time.perf_counter() - progress.tally.elapsed
            progress = _train_epoch(session, progress, begun)
            if progress.step < (progress.epoch + 1) * session.plan.steps_per_epoch:
                return progress
            progress = save(session, _end_epoch(session, progress, begun), begun=None)
            if session.world.any(session.stop.requested):
                return progress
    except NonFinite as diverged:
        raise divergence(session, diverged.step, diverged.what, diverged.ranks) from None
    except OverflowedLong as overflowed:
        raise overflow(session, overflowed.step, overflowed.count) from None
    return progress


def _train_epoch(session: Session, progress: Progress, begun: float) -> Progress:
    """The steps of the current epoch that are left, fewer after a request to stop."""
    plan, params, world = session.plan, session.job.params, session.world
    epoch = progress.epoch + 1
    end = epoch * plan.steps_per_epoch
    todo = (
        share
        for batch in plan.batches(epoch, skip=progress.step - progress.epoch * plan.steps_per_epoch)
        for share in plan.shares(batch, rank=world.rank, ranks=world.size, passes=params.accumulate)
    )
    set_learning(session.network.model, params, epoch)
    session.log.begin(epoch, progress.tally)
    session.log.start_clock()
    with closing(ahead(lambda share: session.training.read_share(share, epoch, world.size), todo)) as batches:
        while passes := list(islice(batches, params.accumulate)):
            with session.first_step:
                progress = take_step(session, progress, passes)
            stop = world.any(session.stop.requested)
            if progress.step % params.report_steps == 0 or progress.step == end:
                session.log.flush()
            if stop or (progress.step % params.checkpoint_steps == 0 and progress.step < end):
                progress = save(session, progress, begun=begun)
                session.log.start_clock()
            if stop:
                break
    return progress


def _end_epoch(session: Session, progress: Progress, begun: float) -> Progress:
    """Validate, decide whether it is the best epoch, write its row."""
    params, log = session.job.params, session.log
    epoch = progress.epoch + 1
    tensors = exported_tensors(session.network, session.world)
    validation = validate(session, tensors)
    candidate = candidate_of(epoch, progress.step, validation.auroc, validation.loss, by=params.best_by)
    is_best = judge(progress.best, candidate)
    if is_best:
        keep_best(session, candidate, tensors, progress.other_ranks)
    spent = Spent(
        losses=log.losses,
        seconds=log.seconds,
        waited=log.waited,
        wall_seconds=time.perf_counter() - begun,
        images=sum(map(session.plan.images_of, range(progress.step - len(log.losses) + 1, progress.step + 1))),
        peak_memory_bytes=session.accelerator.peak_memory_bytes(),
        skipped=log.skipped if session.network.scaler.is_enabled() else None,
    )
    rate = session.rates.of(progress.step, progress.plateau.reduction)
    metrics = metrics_of(spent, validation, learning_rate=rate, is_best=is_best)
    if session.world.leads:
        session.journal.append(Epoch(epoch=epoch, of=params.epochs, metrics=metrics))
    watched = _value_of(params.schedule.metric, metrics.train_loss, validation)
    since_best = 0 if is_best else progress.epochs_since_best + 1
    patience = params.early_stopping_epochs
    return replace(
        progress,
        epoch=epoch,
        best=candidate if is_best else progress.best,
        epochs_since_best=since_best,
        history=(*progress.history, history_row(epoch, metrics)),
        plateau=after_epoch(progress.plateau, params.schedule, watched),
        finished=epoch == params.epochs or (patience is not None and since_best >= patience),
    )


def _value_of(metric: Metric, train_loss: float | None, validation: Validation) -> float | None:
    return {"train_loss": train_loss, "val_loss": validation.loss, "val_auroc_macro": validation.auroc}[metric]
