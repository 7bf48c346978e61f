"""The loop that everything is compared with: the same model, loss and optimizer on one batch that is there already."""

import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from chexnet.findings import FINDINGS
from chexnet.training.inputs import Feed
from chexnet.training.network import Network, build_network
from tests.bench.observed import Watch


class BareLoop:
    """No data, no labels from files, no log, no gradient length, nobody who may stop it. One process."""

    def __init__(self, watch: Watch) -> None:
        assert watch.session is not None
        session = watch.session
        params, feed = session.job.params, session.feed
        self._accelerator, self._precision = feed.accelerator, params.precision
        self._network = _network(watch)
        self._images, self._labels = _batch(feed, params.batch_size)

    def steps(self, count: int) -> None:
        """So many steps, given to the device."""
        model, optimizer = self._network.model, self._network.optimizer
        for _ in range(count):
            optimizer.zero_grad(set_to_none=True)
            with self._accelerator.autocast(self._precision):
                logits = model(self._images)
            loss = binary_cross_entropy_with_logits(logits.to(self._labels.dtype), self._labels)
            torch.autograd.backward(loss)
            optimizer.step()


def _network(watch: Watch) -> Network:
    """Another of the same kind as the session's."""
    session = watch.session
    assert session is not None
    return build_network(
        session.job.params,
        session.training.fold.labels,
        session.feed,
        session.world,
        findings=session.job.findings,
        snapshot=None,
        tell=lambda _: None,
    )


def _batch(feed: Feed, size: int) -> tuple[torch.Tensor, torch.Tensor]:
    side, device = feed.input.crop, feed.accelerator.device
    last = feed.accelerator.capabilities.channels_last
    images = torch.randn(size, 3, side, side, dtype=feed.dtype)
    images = images.contiguous(memory_format=torch.channels_last if last else torch.contiguous_format)
    labels = (torch.rand(size, len(FINDINGS)) < 0.05).to(feed.dtype)
    return images.to(device), labels.to(device)
