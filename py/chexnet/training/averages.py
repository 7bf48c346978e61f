"""Weights that are averages: over ranks (batch-norm statistics) and over time (EMA)."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import nn

from chexnet.accelerators.protocol import HOST
from chexnet.training.world import World

Tensors = dict[str, torch.Tensor]


def weights_of(model: nn.Module) -> Tensors:
    """The trained parameters, equal on all ranks: the live tensors, not copies."""
    return {name: parameter.detach() for name, parameter in model.named_parameters()}


def statistics_of(model: nn.Module) -> Tensors:
    """The batch-norm buffers, different on each rank: the live tensors, not copies."""
    return dict(model.named_buffers())


class MovingAverage:
    """Exponential moving average of weights and statistics. Its memory is shorter in the first steps."""

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.decay = decay
        self.weights = {name: tensor.clone() for name, tensor in weights_of(model).items()}
        self.statistics = {name: tensor.clone() for name, tensor in statistics_of(model).items()}

    @torch.no_grad()
    def update(self, model: nn.Module, step: int) -> None:
        """Take in the model after step `step`, counted from 1."""
        share = 1 - min(self.decay, step / (step + 9))
        for mine, live in ((self.weights, weights_of(model)), (self.statistics, statistics_of(model))):
            for name, tensor in live.items():
                if tensor.is_floating_point():
                    mine[name].lerp_(tensor, share)
                else:
                    mine[name].copy_(tensor)


def gather_statistics(statistics: Mapping[str, torch.Tensor], world: World) -> list[Tensors]:
    """Every rank's statistics as host tensors, by rank, on all ranks."""
    flat = torch.cat([on_host_exactly(tensor).reshape(-1) for tensor in statistics.values()])
    by_rank: list[Tensors] = []
    for row in world.gather(flat):
        parts = row.split([tensor.numel() for tensor in statistics.values()])
        by_rank.append(
            {
                name: part.view(tensor.shape).to(tensor.dtype)
                for (name, tensor), part in zip(statistics.items(), parts, strict=True)
            }
        )
    return by_rank


def on_host_exactly(tensor: torch.Tensor) -> torch.Tensor:
    """As float64 on the host, which holds every value of the other types. Not all devices know float64."""
    return tensor.detach().to(HOST).to(torch.float64)


def mean_statistics(by_rank: list[Tensors]) -> Tensors:
    """Their mean over ranks, summed in the order of ranks: the same bits wherever it is computed."""
    return {
        name: torch.stack([statistics[name].to(torch.float64) for statistics in by_rank]).mean(0).to(tensor.dtype)
        for name, tensor in by_rank[0].items()
    }


@contextmanager
def wearing(model: nn.Module, tensors: Mapping[str, torch.Tensor]) -> Iterator[None]:
    """Within the context the model has these tensors; afterwards its own again, bit for bit."""
    live = {**weights_of(model), **statistics_of(model)}
    kept = {name: live[name].clone() for name in tensors}
    copy_into(live, tensors)
    try:
        yield
    finally:
        copy_into(live, kept)


@torch.no_grad()
def copy_into(live: Mapping[str, torch.Tensor], values: Mapping[str, torch.Tensor]) -> None:
    """Copy by name, whatever the device and memory layout of either."""
    for name, value in values.items():
        live[name].copy_(value)
