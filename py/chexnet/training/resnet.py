"""ResNet-50 (He et al. 2016), with torchvision's parameter names and its strides in the 3 × 3 convolutions."""

from typing import ClassVar

import torch
from torch import nn

RESNET50 = (3, 4, 6, 3)
STEM_CHANNELS = 64
EXPANSION = 4


class ResNet(nn.Module):
    """Images (n, 3, side, side), side >= 32, to logits (n, outputs). `blocks`: bottlenecks of each layer."""

    HEAD: ClassVar[str] = "fc"

    def __init__(self, outputs: int, blocks: tuple[int, int, int, int] = RESNET50) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, STEM_CHANNELS, kernel_size=7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(STEM_CHANNELS)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        self.layer1 = _layer(STEM_CHANNELS, 64, blocks[0], stride=1)
        self.layer2 = _layer(64 * EXPANSION, 128, blocks[1], stride=2)
        self.layer3 = _layer(128 * EXPANSION, 256, blocks[2], stride=2)
        self.layer4 = _layer(256 * EXPANSION, 512, blocks[3], stride=2)
        self.fc = nn.Linear(512 * EXPANSION, outputs)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        nn.init.zeros_(self.fc.bias)

    def forward_features(self, images: torch.Tensor) -> torch.Tensor:
        """The last feature maps (n, 2048, side / 32, side / 32), after their rectifier."""
        maps: torch.Tensor = self.maxpool(self.relu(self.bn1(self.conv1(images))))
        for layer in (self.layer1, self.layer2, self.layer3, self.layer4):
            maps = layer(maps)
        return maps

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.fc(self.forward_features(images).mean((2, 3)))
        return logits


class _Bottleneck(nn.Module):
    def __init__(self, channels: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, kernel_size=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, kernel_size=3, stride=stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, width * EXPANSION, kernel_size=1, bias=False)
        self.bn3 = nn.BatchNorm2d(width * EXPANSION)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = _shortcut(channels, width * EXPANSION, stride)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        narrow = self.relu(self.bn1(self.conv1(maps)))
        narrow = self.relu(self.bn2(self.conv2(narrow)))
        new_maps: torch.Tensor = self.bn3(self.conv3(narrow))
        new_maps += maps if self.downsample is None else self.downsample(maps)
        out: torch.Tensor = self.relu(new_maps)
        return out


def _shortcut(channels: int, wide: int, stride: int) -> nn.Sequential | None:
    if stride == 1 and channels == wide:
        return None
    return nn.Sequential(nn.Conv2d(channels, wide, kernel_size=1, stride=stride, bias=False), nn.BatchNorm2d(wide))


def _layer(channels: int, width: int, blocks: int, stride: int) -> nn.Sequential:
    first = _Bottleneck(channels, width, stride)
    return nn.Sequential(first, *(_Bottleneck(width * EXPANSION, width, 1) for _ in range(blocks - 1)))
