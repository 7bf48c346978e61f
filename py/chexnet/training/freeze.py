"""The first epochs of a training in which only the head learns, and the rest of the model is as it was."""

import torch
from torch import distributed

from chexnet.training.backbones import Model, head_of
from chexnet.training.network import set_training
from chexnet.training.params import TrainParams
from chexnet.training.world import World


def is_frozen(params: TrainParams, epoch: int) -> bool:
    """Whether only the head learns in this epoch, counted from 1."""
    return epoch <= params.freeze_epochs


def set_learning(model: Model, params: TrainParams, epoch: int) -> None:
    """Training mode for an epoch. What is frozen has no gradients, and its batch-norm statistics do not move."""
    frozen = is_frozen(params, epoch)
    set_training(model, frozen_statistics=params.freeze_batch_norm or frozen)
    for weights in model.parameters():
        weights.requires_grad_(not frozen)
    for weights in head_of(model).parameters():
        weights.requires_grad_(True)


def average_over_ranks(model: Model, world: World) -> None:
    """The head's gradients, in one piece of fixed order: the same bits whenever a training resumes. Collective."""
    if world.size == 1:
        return
    gradients = [weights.grad for weights in head_of(model).parameters() if weights.grad is not None]
    flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
    distributed.all_reduce(flat)
    flat.div_(world.size)
    parts = torch.split(flat, [gradient.numel() for gradient in gradients])
    for gradient, part in zip(gradients, parts, strict=True):
        gradient.copy_(part.view_as(gradient))
