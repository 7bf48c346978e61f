"""One optimizer step: the passes of this rank's share of a global batch."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace

import torch
from torch.nn.parallel import DistributedDataParallel
from torch.nn.utils import clip_grad_norm_, get_total_norm

from chexnet.training.freeze import average_over_ranks, is_frozen
from chexnet.training.loader import Batch
from chexnet.training.optimizer import set_learning_rate
from chexnet.training.progress import Progress
from chexnet.training.session import Session


def take_step(session: Session, progress: Progress, passes: Sequence[tuple[Batch, float]]) -> Progress:
    """Gradients of all passes, then one update. With each batch the seconds that it was waited for."""
    network, accelerator = session.network, session.accelerator
    step = progress.step + 1
    rate = session.rates.of(step, progress.plateau.reduction)
    set_learning_rate(network.optimizer, rate)
    network.optimizer.zero_grad(set_to_none=True)
    frozen = is_frozen(session.job.params, progress.epoch + 1)
    losses = []
    for number, (batch, _) in enumerate(passes, start=1):
        losses.append(_gradients(session, batch, frozen=frozen, last=number == len(passes)))
    if frozen:
        average_over_ranks(network.model, session.world)
    network.scaler.unscale_(network.optimizer)
    norm = _norm(session)
    network.scaler.step(network.optimizer)
    network.scaler.update()
    accelerator.after_step()
    if network.average is not None:
        network.average.update(network.model, step)
    loss = losses[0] if len(losses) == 1 else torch.stack(losses).sum()
    session.log.add(step, loss, norm=norm, rate=rate, waited=sum(waited for _, waited in passes))
    return replace(progress, step=step)


def _gradients(session: Session, batch: Batch, *, frozen: bool, last: bool) -> torch.Tensor:
    """Add the gradients of one pass to those before; the ranks' are averaged with the last. Returns its loss."""
    network, accelerator, feed = session.network, session.accelerator, session.feed
    # While only the head learns, its few gradients are averaged apart: DDP wants one of every parameter.
    model = network.model if frozen else network.parallel
    alone = model.no_sync() if isinstance(model, DistributedDataParallel) and not last else nullcontext()
    with alone:
        targets = feed.targets(batch)
        with accelerator.autocast(session.job.params.precision):
            logits = model(feed.images(batch))
        loss = session.criterion(logits, targets)
        torch.autograd.backward(network.scaler.scale(loss))
    accelerator.after_backward()
    return loss.detach()


def _norm(session: Session) -> torch.Tensor:
    """The length of the gradient, before it is clipped if it is to be."""
    weights, most = list(session.network.model.parameters()), session.job.params.clip_norm
    if most is not None:
        return clip_grad_norm_(weights, most)
    return get_total_norm([weight.grad for weight in weights if weight.grad is not None])
