"""Grey bytes to what the model reads: scaled, three equal channels."""

import torch

from chexnet.training.params import Normalization

# Of ImageNet's colour channels, in units of the full range.
_IMAGENET_MEAN = (0.485, 0.456, 0.406)
_IMAGENET_STD = (0.229, 0.224, 0.225)
# Of ChestX-ray14's training images.
_XRAY_MEAN = 0.5056
_XRAY_STD = 0.252
# An image of one grey has no spread; one grey level stands in for it.
_LEAST_STD = 1 / 255


def model_input(
    pixels: torch.Tensor, normalize: Normalization, *, dtype: torch.dtype, channels_last: bool
) -> torch.Tensor:
    """(n, side, side) uint8 to (n, 3, side, side) of `dtype` on the same device."""
    grey = pixels.to(dtype).div(255).unsqueeze(1)
    if normalize == "per-image":
        mean = grey.mean((2, 3), keepdim=True)
        std = grey.std((2, 3), keepdim=True).clamp_min(_LEAST_STD)
        scaled = (grey - mean) / std
    elif normalize == "imagenet":
        scaled = (grey - _channels(_IMAGENET_MEAN, grey)) / _channels(_IMAGENET_STD, grey)
    else:
        scaled = (grey - _XRAY_MEAN) / _XRAY_STD
    layout = torch.channels_last if channels_last else torch.contiguous_format
    return scaled.expand(-1, 3, -1, -1).contiguous(memory_format=layout)


def _channels(values: tuple[float, ...], like: torch.Tensor) -> torch.Tensor:
    return torch.tensor(values, dtype=like.dtype, device=like.device).view(1, -1, 1, 1)
