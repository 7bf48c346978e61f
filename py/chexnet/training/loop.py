"""The training loop."""

import time
from contextlib import closing
from dataclasses import replace

import torch
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.nn.utils import clip_grad_norm_

from chexnet.runtime.journal import Epoch
from chexnet.training.history import Spent, history_row, metrics_of
from chexnet.training.keep import divergence, keep_best, save
from chexnet.training.loader import Batch, ahead
from chexnet.training.network import exported_tensors
from chexnet.training.optimizer import learning_rate, set_learning_rate
from chexnet.training.progress import Progress, candidate_of, judge
from chexnet.training.sampling import rank_slice
from chexnet.training.session import Session
from chexnet.training.step_log import NonFiniteLoss
from chexnet.training.validate import validate


def train(session: Session, progress: Progress) -> Progress:
    """Train on from `progress` to the end, or to the next step after a request to stop. Collective.

    Whatever is returned has been saved. Raises UserError when the loss is no longer finite.
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
    except NonFiniteLoss as diverged:
        raise divergence(session, diverged.step, diverged.ranks) from None
    return progress


def _train_epoch(session: Session, progress: Progress, begun: float) -> Progress:
    """The steps of the current epoch that are left, fewer after a request to stop."""
    plan, params, world = session.plan, session.job.params, session.world
    epoch = progress.epoch + 1
    end = epoch * plan.steps_per_epoch
    todo = (
        rank_slice(batch, rank=world.rank, ranks=world.size)
        for batch in plan.batches(epoch, skip=progress.step - progress.epoch * plan.steps_per_epoch)
    )
    session.log.begin(epoch, progress.tally)
    session.log.start_clock()
    with closing(ahead(lambda positions: session.training.read(positions, epoch), todo)) as batches:
        for batch, waited in batches:
            progress = _step(session, progress, batch, waited)
            stop = world.any(session.stop.requested)
            if progress.step % params.report_steps == 0 or progress.step == end:
                session.log.flush()
            if stop or (progress.step % params.checkpoint_steps == 0 and progress.step < end):
                progress = save(session, progress, begun=begun)
                session.log.start_clock()
            if stop:
                break
    return progress


def _step(session: Session, progress: Progress, batch: Batch, waited: float) -> Progress:
    """One optimizer step on this rank's share of a global batch."""
    params, network, accelerator = session.job.params, session.network, session.accelerator
    step = progress.step + 1
    rate = learning_rate(step, steps=session.plan.steps, peak=params.optimizer.lr, schedule=params.schedule)
    set_learning_rate(network.optimizer, rate)
    network.optimizer.zero_grad(set_to_none=True)
    labels = session.feed.labels(batch)
    with accelerator.autocast(params.precision):
        logits = network.parallel(session.feed.images(batch))
    loss = binary_cross_entropy_with_logits(logits.to(labels.dtype), labels)
    torch.autograd.backward(loss)
    accelerator.after_backward()
    if params.clip_norm is not None:
        clip_grad_norm_(network.model.parameters(), params.clip_norm)
    network.optimizer.step()
    accelerator.after_step()
    if network.average is not None:
        network.average.update(network.model, step)
    session.log.add(step, loss, rate=rate, waited=waited)
    return replace(progress, step=step)


def _end_epoch(session: Session, progress: Progress, begun: float) -> Progress:
    """Validate, decide whether it is the best epoch, write its row."""
    params, log = session.job.params, session.log
    epoch = progress.epoch + 1
    tensors = exported_tensors(session.network, session.world)
    validation = validate(session, tensors)
    candidate = candidate_of(epoch, progress.step, validation.auroc, validation.loss)
    is_best = judge(progress.best, candidate)
    if is_best:
        keep_best(session, candidate, tensors)
    spent = Spent(
        losses=log.losses,
        seconds=log.seconds,
        waited=log.waited,
        wall_seconds=time.perf_counter() - begun,
        batch_size=params.batch_size,
        peak_memory_bytes=session.accelerator.peak_memory_bytes(),
    )
    rate = learning_rate(progress.step, steps=session.plan.steps, peak=params.optimizer.lr, schedule=params.schedule)
    metrics = metrics_of(spent, validation, learning_rate=rate, is_best=is_best)
    if session.world.leads:
        session.journal.append(Epoch(epoch=epoch, of=params.epochs, metrics=metrics))
    since_best = 0 if is_best else progress.epochs_since_best + 1
    patience = params.early_stopping_epochs
    return replace(
        progress,
        epoch=epoch,
        best=candidate if is_best else progress.best,
        epochs_since_best=since_best,
        history=(*progress.history, history_row(epoch, metrics)),
        finished=epoch == params.epochs or (patience is not None and since_best >= patience),
    )
