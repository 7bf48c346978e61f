"""DenseNet (Huang et al. 2017) with torchvision's parameter names, so that published weights load by name.

Written here because torchvision would cost two seconds per process and ties the builds of CUDA together.
"""

from collections import OrderedDict
from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import nn
from torch.nn import functional

GROWTH = 32
DENSENET121 = (6, 12, 24, 16)
DENSENET169 = (6, 12, 32, 32)
DENSENET201 = (6, 12, 48, 32)
STEM_CHANNELS = 64
BOTTLENECK = 4


class DenseNet(nn.Module):
    """Images (n, 3, side, side), side >= 32, to logits (n, outputs). Initialised by He et al. 2015.

    `blocks`: layers of each dense block.
    """

    HEAD: ClassVar[str] = "classifier"

    def __init__(self, outputs: int, blocks: Sequence[int] = DENSENET121) -> None:
        super().__init__()
        self.features, channels = _features(blocks)
        self.classifier = nn.Linear(channels, outputs)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight)
            elif isinstance(module, nn.Linear):
                nn.init.zeros_(module.bias)

    def forward_features(self, images: torch.Tensor) -> torch.Tensor:
        """The last feature maps (n, channels, side / 32, side / 32), after their rectifier."""
        maps: torch.Tensor = self.features(images)
        return functional.relu(maps, inplace=True)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.classifier(self.forward_features(images).mean((2, 3)))
        return logits


class _DenseLayer(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(channels)
        self.relu1 = nn.ReLU(inplace=True)
        self.conv1 = nn.Conv2d(channels, BOTTLENECK * GROWTH, kernel_size=1, bias=False)
        self.norm2 = nn.BatchNorm2d(BOTTLENECK * GROWTH)
        self.relu2 = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(BOTTLENECK * GROWTH, GROWTH, kernel_size=3, padding=1, bias=False)

    def forward(self, maps: Sequence[torch.Tensor]) -> torch.Tensor:
        narrow = self.conv1(self.relu1(self.norm1(torch.cat(list(maps), dim=1))))
        new_maps: torch.Tensor = self.conv2(self.relu2(self.norm2(narrow)))
        return new_maps


class _DenseBlock(nn.ModuleDict):
    def __init__(self, layers: int, channels: int) -> None:
        super().__init__()
        for index in range(layers):
            self[f"denselayer{index + 1}"] = _DenseLayer(channels + index * GROWTH)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        maps = [images]
        for layer in self.values():
            maps.append(layer(maps))
        return torch.cat(maps, dim=1)


def _features(blocks: Sequence[int]) -> tuple[nn.Sequential, int]:
    parts: OrderedDict[str, nn.Module] = OrderedDict(
        conv0=nn.Conv2d(3, STEM_CHANNELS, kernel_size=7, stride=2, padding=3, bias=False),
        norm0=nn.BatchNorm2d(STEM_CHANNELS),
        relu0=nn.ReLU(inplace=True),
        pool0=nn.MaxPool2d(kernel_size=3, stride=2, padding=1),
    )
    channels = STEM_CHANNELS
    for number, layers in enumerate(blocks, start=1):
        parts[f"denseblock{number}"] = _DenseBlock(layers, channels)
        channels += layers * GROWTH
        if number < len(blocks):
            parts[f"transition{number}"] = _transition(channels)
            channels //= 2
    parts["norm5"] = nn.BatchNorm2d(channels)
    return nn.Sequential(parts), channels


def _transition(channels: int) -> nn.Sequential:
    return nn.Sequential(
        OrderedDict(
            norm=nn.BatchNorm2d(channels),
            relu=nn.ReLU(inplace=True),
            conv=nn.Conv2d(channels, channels // 2, kernel_size=1, bias=False),
            pool=nn.AvgPool2d(kernel_size=2, stride=2),
        )
    )
