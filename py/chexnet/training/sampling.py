"""Randomness without state: every draw is a pure function of what it is for.

So the order of images and their augmentation are the same whatever the number of ranks or threads and wherever a
training resumes, and do not depend on a library's generator. The mixing is SplitMix64's finalizer (Steele et al. 2014).
"""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]
Bits = npt.NDArray[np.uint64]

ORDER: Final = 1
FLIP: Final = 2
SHIFT_DOWN: Final = 3
SHIFT_RIGHT: Final = 4
CROP_TOP: Final = 5
CROP_LEFT: Final = 6
AREA: Final = 7
ASPECT: Final = 8
BOX_DOWN: Final = 9
BOX_RIGHT: Final = 10
ROTATION: Final = 11
ZOOM: Final = 12
BRIGHTNESS: Final = 13
CONTRAST: Final = 14
HOLE_DOWN: Final = 15
HOLE_RIGHT: Final = 16
PARTNER: Final = 17
MIXING: Final = 18
SUBSET: Final = 19

_GOLDEN: Final = 0x9E3779B97F4A7C15
_FIRST: Final = 0xBF58476D1CE4E5B9
_SECOND: Final = 0x94D049BB133111EB


def epoch_order(count: int, *, seed: int, epoch: int) -> Integers:
    """The numbers 0 to count - 1 in the order in which epoch `epoch` of training `seed` takes them."""
    keys = draw_bits(np.arange(count, dtype=np.int64), purpose=ORDER, seed=seed, epoch=epoch)
    return np.argsort(keys, kind="stable").astype(np.int64)


def random_subset(count: int, size: int, *, seed: int) -> Integers:
    """`size` of the numbers 0 to count - 1, ascending; a smaller subset of the same seed is part of a greater one."""
    keys = draw_bits(np.arange(count, dtype=np.int64), purpose=SUBSET, seed=seed, epoch=0)
    return np.sort(np.argsort(keys, kind="stable")[:size]).astype(np.int64)


def rank_slice(batch: Integers, *, rank: int, ranks: int) -> Integers:
    """One rank's part of a global batch, whose length `ranks` must divide."""
    share = len(batch) // ranks
    return batch[rank * share : (rank + 1) * share]


def draw_between(
    items: Integers, low: float, high: float, *, purpose: int, seed: int, epoch: int
) -> npt.NDArray[np.float64]:
    """One number in [low, high) per item."""
    return low + (high - low) * draw_uniform(items, purpose=purpose, seed=seed, epoch=epoch)


def draw_uniform(items: Integers, *, purpose: int, seed: int, epoch: int) -> npt.NDArray[np.float64]:
    """One number in [0, 1) per item."""
    bits = draw_bits(items, purpose=purpose, seed=seed, epoch=epoch)
    uniform: npt.NDArray[np.float64] = (bits >> np.uint64(11)).astype(np.float64) * 2.0**-53
    return uniform


def draw_integers(items: Integers, low: int, high: int, *, purpose: int, seed: int, epoch: int) -> Integers:
    """One whole number from `low` to `high`, both included, per item."""
    uniform = draw_uniform(items, purpose=purpose, seed=seed, epoch=epoch)
    return low + np.floor(uniform * (high - low + 1)).astype(np.int64)


def draw_bits(items: Integers, *, purpose: int, seed: int, epoch: int) -> Bits:
    """64 random bits per item."""
    state: Bits = np.zeros(len(items), dtype=np.uint64)
    for coordinate in (seed, epoch, purpose, items):
        state = _mixed(state ^ _mixed(np.atleast_1d(np.asarray(coordinate)).astype(np.uint64) + np.uint64(1)))
    return state


def _mixed(values: npt.NDArray[Any]) -> Bits:
    # Arrays wrap around silently, as wanted; numpy scalars would warn.
    state: Bits = values.astype(np.uint64) + np.array([_GOLDEN], dtype=np.uint64)
    state = (state ^ (state >> np.uint64(30))) * np.array([_FIRST], dtype=np.uint64)
    state = (state ^ (state >> np.uint64(27))) * np.array([_SECOND], dtype=np.uint64)
    state ^= state >> np.uint64(31)
    return state
