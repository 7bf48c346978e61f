"""Grey bytes to what the model reads: cut, scaled, three equal channels, on the device."""

from dataclasses import dataclass

import torch

from chexnet.accelerators.protocol import Accelerator, Precision
from chexnet.mistakes import UserError
from chexnet.training.loader import Batch
from chexnet.training.params import Input, Normalization
from chexnet.training.views import Views, cut, cut_centre

# Of ImageNet's colour channels, in units of the full range.
_IMAGENET_MEAN = (0.485, 0.456, 0.406)
_IMAGENET_STD = (0.229, 0.224, 0.225)
# Of ChestX-ray14's training images.
_XRAY_MEAN = 0.5056
_XRAY_STD = 0.252
# An image of one grey has no spread; one grey level stands in for it.
_LEAST_STD = 1 / 255


@dataclass(frozen=True, slots=True)
class Feed:
    """Brings batches to the device and into the model's form."""

    accelerator: Accelerator
    input: Input
    precision: Precision

    @property
    def dtype(self) -> torch.dtype:
        """Of weights and inputs; bf16 is left to autocast."""
        return torch.float64 if self.precision == "fp64" else torch.float32

    def images(self, batch: Batch) -> torch.Tensor:
        """(n, 3, crop, crop)."""
        pixels = self.accelerator.place(batch.pixels)
        if batch.views is None:
            seen = cut_centre(pixels, self.input.crop)
        else:
            place = self.accelerator.place
            views = batch.views
            seen = cut(pixels, Views(views.side, place(views.top), place(views.left), place(views.mirrored)))
        channels_last = self.accelerator.capabilities.channels_last
        return model_input(seen, self.input.normalize, dtype=self.dtype, channels_last=channels_last)

    def labels(self, batch: Batch) -> torch.Tensor:
        """(n, findings)."""
        return self.accelerator.place(batch.labels).to(self.dtype)


def check_feed(accelerator: Accelerator, wanted: Input, precision: Precision, stored: int) -> None:
    """Raises UserError when the device or the stored images cannot give what is asked for."""
    if wanted.crop > stored:
        raise UserError(
            f"input.crop is {wanted.crop} and the images are stored at {stored} pixels.",
            "Take a smaller crop or preprocess at a greater size.",
        )
    able = accelerator.capabilities
    if (precision == "fp64" and not able.float64) or (precision == "bf16" and not able.bfloat16):
        raise UserError(f"{accelerator.describe()} cannot compute in {precision}.", "Use precision: fp32.")


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
