"""Optimizers and learning rates. Native torch optimizers everywhere, so that checkpoints move between devices."""

import math

import torch
from torch import nn

from chexnet.training.params import Optimizer, Schedule


def make_optimizer(model: nn.Module, params: Optimizer) -> torch.optim.Optimizer:
    """`foreach` is fixed because the fused kernels round differently."""
    weights = list(model.parameters())
    rate, decay = params.lr, params.weight_decay
    if params.name == "sgd":
        return torch.optim.SGD(weights, lr=rate, momentum=params.momentum, weight_decay=decay, foreach=True)
    if params.name == "adam":
        return torch.optim.Adam(weights, lr=rate, weight_decay=decay, foreach=True)
    return torch.optim.AdamW(weights, lr=rate, weight_decay=decay, foreach=True)


def learning_rate(step: int, *, steps: int, peak: float, schedule: Schedule) -> float:
    """Of step `step`, counted from 1 to `steps`: a function of the number alone, so that nothing is to be restored."""
    warmup = max(1, round(schedule.warmup * steps))
    rise = min(1.0, step / warmup)
    if schedule.name == "constant":
        return peak * rise
    gone = max(0, step - 1 - warmup) / max(1, steps - warmup)
    return peak * rise * 0.5 * (1 + math.cos(math.pi * gone))


def set_learning_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = rate
