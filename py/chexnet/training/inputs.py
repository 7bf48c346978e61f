"""Grey bytes to what the model reads: cut, scaled, three equal channels, on the device."""

from dataclasses import dataclass

import torch

from chexnet.accelerators.protocol import Accelerator, Precision
from chexnet.accelerators.require import require
from chexnet.mistakes import UserError
from chexnet.training.loader import Batch
from chexnet.training.losses import Targets
from chexnet.training.params import Input, Normalization
from chexnet.training.views import Views, cut, cut_centre
from chexnet.training.warp import blanked, toned, warp

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
        """Of weights and inputs; bf16 and fp16 are left to autocast."""
        return torch.float64 if self.precision == "fp64" else torch.float32

    def images(self, batch: Batch) -> torch.Tensor:
        """(n, 3, crop, crop), or (n × views, …) where an image has several."""
        seen = self._seen(batch)
        if batch.mix is None:
            return seen
        weight = self.accelerator.place(batch.mix.weight).to(self.dtype)[:, None, None, None]
        return seen * weight + self._seen(batch.mix.partner) * (1 - weight)

    def targets(self, batch: Batch) -> Targets:
        """What the model should have said of a pass in training."""
        place, counted = self.accelerator.place, batch.counted
        return Targets(
            labels=place(batch.labels).to(self.dtype),
            counted=None if counted is None else place(counted).to(self.dtype),
            per_rank=batch.per_rank,
        )

    def _seen(self, batch: Batch) -> torch.Tensor:
        views, place = batch.views, self.accelerator.place
        pixels = place(batch.pixels) if batch.held is None else batch.held.on(place)
        grey = cut_centre(pixels, self.input.crop) if views is None else self._viewed(pixels, views)
        channels_last = self.accelerator.capabilities.channels_last
        return model_input(grey, self.input.normalize, dtype=self.dtype, channels_last=channels_last)

    def _viewed(self, pixels: torch.Tensor, given: Views) -> torch.Tensor:
        views = given.on(self.accelerator.place, self.dtype)
        if len(views.top) > len(pixels):
            pixels = pixels.repeat_interleave(len(views.top) // len(pixels), dim=0)
        if views.affine is None:
            grey = cut(pixels, views)
        else:
            grey = warp(pixels, views.affine, side=views.side, dtype=self.dtype)
        if views.tone is not None:
            grey = toned(grey.to(self.dtype), views.tone)
        return grey if views.hole is None else blanked(grey.to(self.dtype), views.hole, views.hole_side)


def check_feed(accelerator: Accelerator, wanted: Input, precision: Precision, stored: int) -> None:
    """Raises UserError when the device or the stored images cannot give what is asked for."""
    if wanted.crop > stored:
        raise UserError(
            f"input.crop is {wanted.crop} and the images are stored at {stored} pixels.",
            "Take a smaller crop or preprocess at a greater size.",
        )
    require(accelerator, precision)


def model_input(
    pixels: torch.Tensor, normalize: Normalization, *, dtype: torch.dtype, channels_last: bool
) -> torch.Tensor:
    """(n, side, side) of 0 to 255 to (n, 3, side, side) of `dtype` on the same device."""
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
