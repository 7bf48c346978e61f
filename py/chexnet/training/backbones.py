"""The networks by name: how each is built, where its head is, which file torchvision has for it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import nn

from chexnet.training.densenet import DENSENET121, DENSENET169, DENSENET201, DenseNet
from chexnet.training.params import Backbone
from chexnet.training.resnet import RESNET50, ResNet

Model: TypeAlias = DenseNet | ResNet
# Makes the model of a backbone with so many outputs.
Building: TypeAlias = Callable[[Backbone, int], Model]


@dataclass(frozen=True, slots=True)
class Published:
    """What people call it, and torchvision's file of ImageNet: what follows the hyphen is how its SHA-256 begins.

    `first`: a name that ends no other, by which a prefix in front of all names is recognised.
    """

    title: str
    imagenet: str
    first: str


PUBLISHED: dict[Backbone, Published] = {
    "densenet121": Published("DenseNet-121", "densenet121-a639ec97.pth", "features.conv0.weight"),
    "densenet169": Published("DenseNet-169", "densenet169-b2777c0a.pth", "features.conv0.weight"),
    "densenet201": Published("DenseNet-201", "densenet201-c1103571.pth", "features.conv0.weight"),
    "resnet50": Published("ResNet-50", "resnet50-11ad3fa6.pth", "layer1.0.conv1.weight"),
}


def build_backbone(name: Backbone, outputs: int) -> Model:
    """With random weights, on the host."""
    if name == "resnet50":
        return ResNet(outputs, RESNET50)
    blocks = {"densenet121": DENSENET121, "densenet169": DENSENET169, "densenet201": DENSENET201}
    return DenseNet(outputs, blocks[name])


def head_of(model: Model) -> nn.Linear:
    """The last layer, which says the findings."""
    head = model.get_submodule(model.HEAD)
    if not isinstance(head, nn.Linear):
        raise AssertionError(f"Internal error: {model.HEAD} is no linear layer")
    return head


def batch_norms(model: nn.Module) -> list[nn.Module]:
    """Every batch normalisation of the model, in the order of its parameters."""
    return [module for module in model.modules() if isinstance(module, nn.BatchNorm2d | nn.SyncBatchNorm)]


def is_body_of(names: Iterable[str], backbone: Backbone) -> bool:
    """Whether these are the names of its tensors, the head and the counts of batches aside."""
    with torch.device("meta"):
        model = build_backbone(backbone, 1)
    return _body(names) == _body(model.state_dict())


def _body(names: Iterable[str]) -> set[str]:
    return {name for name in names if not name.startswith(("classifier.", "fc.")) and "num_batches" not in name}
