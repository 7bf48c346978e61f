"""Pixels that stay on the device, so that a batch is gathered there and nothing is copied from the host."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from chexnet.accelerators.protocol import HOST, Accelerator
from chexnet.mistakes import UserError
from chexnet.training.data import Fold, Pixels
from chexnet.training.params import Resident

# Activations and gradients need the most of what is free.
_AUTO_SHARE = 0.4
# Of one copy from the host, which may be pinned for it.
_CHUNK_BYTES = 2**26

Place = Callable[[torch.Tensor], torch.Tensor]


@dataclass(frozen=True, slots=True)
class Held:
    """Images of a fold that is on the device. `images` uint8 (fold, side, side); `positions` int64 (n,) on the host."""

    images: torch.Tensor
    positions: torch.Tensor

    def on(self, place: Place) -> torch.Tensor:
        """(n, side, side) on the device."""
        return self.images.index_select(0, place(self.positions))


@dataclass(frozen=True, slots=True)
class Residence:
    """Which folds stay, the first of those that were asked about before the second, and why, in a line for people."""

    folds: int
    line: str | None


def residence(wanted: Resident, accelerator: Accelerator, folds: Sequence[Fold], side: int) -> Residence:
    """`folds`: the training fold, then the validation fold if there is one. Copies nothing.

    Raises UserError when the training fold has to stay and does not fit.
    """
    sizes = [len(fold) * side * side for fold in folds]
    images, free = f"the {_amount(sizes[0])} of training images", accelerator.free_memory_bytes()
    if wanted == "always":
        _must_fit(accelerator, images, sizes[0], free)
    elif wanted == "never" or accelerator.device == HOST:
        return Residence(folds=0, line=None)
    elif free is None:
        return Residence(folds=0, line=f"{images} do not stay on the device, which does not say how much it can hold")
    limit = sum(sizes) if free is None else free if wanted == "always" else int(free * _AUTO_SHARE)
    if sizes[0] > limit:
        share = f"{_AUTO_SHARE:.0%} of the {_amount(free or 0)} that are free on it"
        return Residence(folds=0, line=f"{images} do not stay on the device: they would take more than {share}")
    if len(sizes) > 1 and sum(sizes) <= limit:
        return Residence(folds=2, line=f"{images} stay on the device, and the {_amount(sizes[1])} for validation too")
    return Residence(folds=1, line=f"{images} stay on the device")


def hold(pixels: Pixels, fold: Fold, accelerator: Accelerator) -> torch.Tensor:
    """The fold's images (n, side, side) on the device, in the fold's order."""
    side = pixels.shape[1]
    images = torch.empty(len(fold), side, side, dtype=torch.uint8, device=accelerator.device)
    step = max(1, _CHUNK_BYTES // (side * side))
    for first in range(0, len(fold), step):
        chunk = torch.from_numpy(np.take(pixels, fold.rows[first : first + step], axis=0))
        images[first : first + step].copy_(accelerator.place(accelerator.stage(chunk)))
    return images


def _must_fit(accelerator: Accelerator, images: str, size: int, free: int | None) -> None:
    hint = "Write resident: auto: then they are read batch by batch where they do not fit."
    if accelerator.device == HOST:
        raise UserError(f"params.resident is always, and {accelerator.describe()} has no memory of its own.", hint)
    if free is not None and size > free:
        raise UserError(
            f"params.resident is always, and {images} do not fit into the {_amount(free)} that are free on "
            f"{accelerator.describe()}.",
            hint,
        )


def _amount(size: int) -> str:
    """Bytes in words, by powers of 1000."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} bytes"
