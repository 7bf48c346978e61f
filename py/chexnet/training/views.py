"""Which part of each stored image the model sees, and which way round: decided by number, cut on the device."""

from dataclasses import dataclass

import numpy as np
import torch

from chexnet.training import sampling
from chexnet.training.params import Augment
from chexnet.training.sampling import Integers


@dataclass(frozen=True, slots=True)
class Views:
    """Per image: top and left of a square of `side` pixels, int64 (n,), and whether it is mirrored, bool (n,).

    A square may reach over the border, where the border's pixels are repeated.
    """

    side: int
    top: torch.Tensor
    left: torch.Tensor
    mirrored: torch.Tensor


@dataclass(frozen=True, slots=True)
class Viewing:
    """How views are chosen: `stored` and `side` in pixels, `augment` None for the centre."""

    stored: int
    side: int
    augment: Augment | None
    seed: int

    def of(self, rows: Integers, epoch: int) -> Views | None:
        """The views of these rows of the pixel array in that epoch, and of no other rows: None is the centre."""
        if self.augment is None:
            return None
        margin, shift = self.stored - self.side, self.augment.shift
        draw = {"seed": self.seed, "epoch": epoch}
        top = sampling.draw_integers(rows, 0, margin, purpose=sampling.CROP_TOP, **draw)
        left = sampling.draw_integers(rows, 0, margin, purpose=sampling.CROP_LEFT, **draw)
        top += sampling.draw_integers(rows, -shift, shift, purpose=sampling.SHIFT_DOWN, **draw)
        left += sampling.draw_integers(rows, -shift, shift, purpose=sampling.SHIFT_RIGHT, **draw)
        mirrored = sampling.draw_uniform(rows, purpose=sampling.FLIP, **draw) < self.augment.flip
        return Views(
            side=self.side,
            top=torch.from_numpy(top),
            left=torch.from_numpy(left),
            mirrored=torch.from_numpy(np.ascontiguousarray(mirrored)),
        )


def cut(pixels: torch.Tensor, views: Views) -> torch.Tensor:
    """The views (n, side, side) of stored images (n, stored, stored); all tensors on one device."""
    last = pixels.shape[1] - 1
    steps = torch.arange(views.side, device=pixels.device)
    down = (views.top[:, None] + steps).clamp(0, last)
    forward = views.left[:, None] + steps
    backward = views.left[:, None] + (views.side - 1 - steps)
    across = torch.where(views.mirrored[:, None], backward, forward).clamp(0, last)
    image = torch.arange(len(pixels), device=pixels.device)
    return pixels[image[:, None, None], down[:, :, None], across[:, None, :]]


def cut_centre(pixels: torch.Tensor, side: int) -> torch.Tensor:
    """The middle square of every image."""
    start = (pixels.shape[1] - side) // 2
    return pixels[:, start : start + side, start : start + side]
