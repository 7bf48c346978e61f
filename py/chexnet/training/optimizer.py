"""Optimizers. Native torch optimizers everywhere, so that checkpoints move between devices."""

import torch
from torch import nn

from chexnet.training.recipe import Optimizer


def make_optimizer(model: nn.Module, params: Optimizer) -> torch.optim.Optimizer:
    """`foreach` is fixed because the fused kernels round differently."""
    weights = list(model.parameters())
    rate, decay = params.lr, params.weight_decay
    if params.name == "sgd":
        return torch.optim.SGD(weights, lr=rate, momentum=params.momentum, weight_decay=decay, foreach=True)
    if params.name == "adam":
        return torch.optim.Adam(weights, lr=rate, weight_decay=decay, foreach=True)
    return torch.optim.AdamW(weights, lr=rate, weight_decay=decay, foreach=True)


def set_learning_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = rate
