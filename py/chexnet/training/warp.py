"""Views that no square of pixels is: turned, resized, lighter or darker, with a hole. Each from its own image alone."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch.nn.functional import grid_sample

from chexnet.training import sampling
from chexnet.training.sampling import Draws, Integers

Floats = npt.NDArray[np.float64]

_WHITE = 255.0
# Of a box's width by its height.
_LEAST_ASPECT, _MOST_ASPECT = 3 / 4, 4 / 3


@dataclass(frozen=True, slots=True)
class Frame:
    """Sides in pixels of the stored image and of the view."""

    stored: int
    side: int


@dataclass(frozen=True, slots=True)
class Box:
    """Per image: centre and half sides of a box; the stored image goes from -1 to 1 both ways."""

    x: Floats
    y: Floats
    half_width: Floats
    half_height: Floats


def box_of(frame: Frame, top: Integers, left: Integers) -> Box:
    """Squares of the view's side at these pixels."""
    half = np.full(len(top), frame.side / frame.stored)
    x, y = ((start.astype(np.float64) + frame.side / 2) * (2 / frame.stored) - 1 for start in (left, top))
    return Box(x=x, y=y, half_width=half, half_height=half)


def resized_box(draws: Draws, least_area: float) -> Box:
    """Boxes of a share of the area from `least_area` to 1, of any aspect from 3:4 to 4:3, inside the image."""
    area = draws.between(least_area, 1.0, sampling.AREA)
    low, high = math.log(_LEAST_ASPECT), math.log(_MOST_ASPECT)
    aspect = np.exp(draws.between(low, high, sampling.ASPECT))
    width, height = np.minimum(1.0, np.sqrt(area * aspect)), np.minimum(1.0, np.sqrt(area / aspect))
    x = draws.between(-1.0, 1.0, sampling.BOX_RIGHT) * (1 - width)
    y = draws.between(-1.0, 1.0, sampling.BOX_DOWN) * (1 - height)
    return Box(x=x, y=y, half_width=width, half_height=height)


def turned(box: Box, angle: Floats, size: Floats, mirrored: npt.NDArray[np.bool_]) -> Floats:
    """(n, 6): the factors a, b, c, d, e, f of x = a·u + b·v + c and y = d·u + e·v + f, (u, v) from -1 to 1 in the view.

    `angle` in radians, `size` a factor of the box.
    """
    across = np.where(mirrored, -1.0, 1.0) * box.half_width * size
    down = box.half_height * size
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.stack([cosine * across, -sine * down, box.x, sine * across, cosine * down, box.y], axis=1)


def warp(pixels: torch.Tensor, affine: torch.Tensor, *, side: int, dtype: torch.dtype) -> torch.Tensor:
    """Stored images (n, stored, stored) to grey values 0 to 255 (n, side, side) of `dtype`, bilinear.

    Beyond the border its pixels are repeated.
    """
    at = (torch.arange(side, device=pixels.device, dtype=dtype) + 0.5) * (2 / side) - 1
    u, v = at[None, None, :], at[None, :, None]
    a, b, c, d, e, f = (affine[:, column].to(dtype)[:, None, None] for column in range(6))
    grid = torch.stack([a * u + b * v + c, d * u + e * v + f], dim=3)
    images = pixels.to(dtype).unsqueeze(1)
    return grid_sample(images, grid, mode="bilinear", padding_mode="border", align_corners=False).squeeze(1)


def toned(grey: torch.Tensor, tone: torch.Tensor) -> torch.Tensor:
    """Brightness, then contrast about the image's mean; what leaves 0 to 255 is clipped."""
    factors = tone.to(grey.dtype)[:, :, None, None]
    bright = (grey * factors[:, 0]).clamp(0, _WHITE)
    mean = bright.mean((1, 2), keepdim=True)
    return ((bright - mean) * factors[:, 1] + mean).clamp(0, _WHITE)


def blanked(grey: torch.Tensor, hole: torch.Tensor, side: int) -> torch.Tensor:
    """A square of every image takes the image's mean."""
    at = torch.arange(grey.shape[1], device=grey.device)
    down = (at >= hole[:, :1]) & (at < hole[:, :1] + side)
    across = (at >= hole[:, 1:]) & (at < hole[:, 1:] + side)
    inside = down[:, :, None] & across[:, None, :]
    return torch.where(inside, grey.mean((1, 2), keepdim=True), grey)
