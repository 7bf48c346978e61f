"""Randomness without state: every draw is a pure function of what it is for.

So the order of images and their augmentation are the same whatever the number of ranks or threads and wherever a
training resumes, and do not depend on a library's generator. The mixing is SplitMix64's finalizer (Steele et al. 2014).
"""

from functools import lru_cache
from typing import Final

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

# Index = purpose; the first is none.
_PURPOSES: Final = np.arange(SUBSET + 1, dtype=np.int64)
# Arrays wrap around silently, as wanted; numpy scalars would warn.
_GOLDEN, _FIRST, _SECOND = (
    np.array([factor], dtype=np.uint64) for factor in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
)
_30, _27, _31 = (np.array([bits], dtype=np.uint64) for bits in (30, 27, 31))


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


class Draws:
    """Everything that is drawn for some items in one epoch, all purposes in one go: a loader asks for a dozen."""

    __slots__ = ("_uniform",)

    def __init__(self, items: Integers, *, seed: int, epoch: int) -> None:
        self._uniform = _uniform(_bits(items, _all_keys(seed, epoch)))

    def uniform(self, purpose: int) -> npt.NDArray[np.float64]:
        """One number in [0, 1) per item."""
        drawn: npt.NDArray[np.float64] = self._uniform[purpose]
        return drawn

    def between(self, low: float, high: float, purpose: int) -> npt.NDArray[np.float64]:
        """One number in [low, high) per item."""
        return low + (high - low) * self.uniform(purpose)

    def integers(self, low: int, high: int, purpose: int) -> Integers:
        """One whole number from `low` to `high`, both included, per item."""
        return low + np.floor(self.uniform(purpose) * (high - low + 1)).astype(np.int64)


def draw_uniform(items: Integers, *, purpose: int, seed: int, epoch: int) -> npt.NDArray[np.float64]:
    """One number in [0, 1) per item."""
    return _uniform(draw_bits(items, purpose=purpose, seed=seed, epoch=epoch))


def draw_integers(items: Integers, low: int, high: int, *, purpose: int, seed: int, epoch: int) -> Integers:
    """One whole number from `low` to `high`, both included, per item."""
    uniform = draw_uniform(items, purpose=purpose, seed=seed, epoch=epoch)
    return low + np.floor(uniform * (high - low + 1)).astype(np.int64)


def draw_bits(items: Integers, *, purpose: int, seed: int, epoch: int) -> Bits:
    """64 random bits per item."""
    row: Bits = _bits(items, _keys(seed, epoch, np.array([purpose])))[0]
    return row


@lru_cache(maxsize=2)
def _all_keys(seed: int, epoch: int) -> Bits:
    """Asked for with every batch of an epoch, and the same array for all: not to be written to."""
    keys = _keys(seed, epoch, _PURPOSES)
    keys.setflags(write=False)
    return keys


def _keys(seed: int, epoch: int, purposes: Integers) -> Bits:
    state = _mixed(_coordinate(seed))
    state = _mixed(state ^ _coordinate(epoch))
    return _mixed(state ^ _coordinate(purposes))


def _bits(items: Integers, keys: Bits) -> Bits:
    """64 random bits per key and item."""
    return _mixed(keys[:, None] ^ _coordinate(items))


def _uniform(bits: Bits) -> npt.NDArray[np.float64]:
    uniform: npt.NDArray[np.float64] = (bits >> np.uint64(11)).astype(np.float64) * 2.0**-53
    return uniform


def _coordinate(value: int | Integers) -> Bits:
    return _mixed(np.atleast_1d(np.asarray(value)).astype(np.uint64) + np.uint64(1))


def _mixed(values: Bits) -> Bits:
    state: Bits = values + _GOLDEN
    state ^= state >> _30
    state *= _FIRST
    state ^= state >> _27
    state *= _SECOND
    state ^= state >> _31
    return state
