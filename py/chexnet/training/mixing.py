"""Mixup (Zhang et al. 2018): which image every image is mixed with, and how much of each."""

import numpy as np
import numpy.typing as npt

from chexnet.training import sampling
from chexnet.training.sampling import Integers


def partners(rows: Integers, images: int, *, seed: int, epoch: int) -> Integers:
    """A position in the fold of so many images for every row; may be the image itself."""
    return sampling.draw_integers(rows, 0, images - 1, purpose=sampling.PARTNER, seed=seed, epoch=epoch)


def mixing_weights(rows: Integers, strength: float, *, seed: int, epoch: int) -> npt.NDArray[np.float32]:
    """The first image's share, of Beta(strength, strength)."""
    # Only now: it takes a moment, and few trainings mix.
    from scipy.special import betaincinv

    uniform = sampling.draw_uniform(rows, purpose=sampling.MIXING, seed=seed, epoch=epoch)
    return np.asarray(betaincinv(strength, strength, uniform), dtype=np.float32)
