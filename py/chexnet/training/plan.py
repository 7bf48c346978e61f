"""Which images make which step, and how ranks and passes share them out."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from chexnet.training.params import LastBatch
from chexnet.training.sampling import Integers, epoch_order, rank_slice


@dataclass(frozen=True, slots=True)
class Share:
    """One rank's part of one pass, as positions in the fold: the first `real` count, the others only fill it up.

    `step`: the positions of the whole step, over all ranks and passes.
    """

    positions: Integers
    real: int
    step: Integers


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps and epochs, counted from 1, and their images.

    The odd images at the end of an epoch are left out of it, or are a step of their own with `last_batch` keep.
    """

    images: int
    batch_size: int
    epochs: int
    seed: int
    last_batch: LastBatch = "drop"

    @property
    def steps_per_epoch(self) -> int:
        whole, odd = divmod(self.images, self.batch_size)
        return whole + (1 if odd and self.last_batch == "keep" else 0)

    @property
    def steps(self) -> int:
        return self.steps_per_epoch * self.epochs

    def batches(self, epoch: int, *, skip: int = 0) -> Iterator[Integers]:
        """The global batches of an epoch, as positions in the fold, without its first `skip`."""
        order = epoch_order(self.images, seed=self.seed, epoch=epoch)
        for index in range(skip, self.steps_per_epoch):
            yield order[index * self.batch_size : (index + 1) * self.batch_size]

    def batch(self, step: int) -> Integers:
        """The global batch of one step."""
        epoch, index = divmod(step - 1, self.steps_per_epoch)
        return next(self.batches(epoch + 1, skip=index))

    def shares(self, batch: Integers, *, rank: int, ranks: int, passes: int) -> list[Share]:
        """A rank's part of a global batch, pass by pass. All have the same length, whatever the batch's.

        A short batch is filled up with its own images again, which count for nothing but batch-norm statistics.
        """
        mine = rank_slice(np.resize(batch, self.batch_size), rank=rank, ranks=ranks)
        first, length = rank * len(mine), len(mine) // passes
        return [
            Share(
                positions=mine[number * length : (number + 1) * length],
                real=min(length, max(0, len(batch) - first - number * length)),
                step=batch,
            )
            for number in range(passes)
        ]

    def images_of(self, step: int) -> int:
        """How many images a step has."""
        index = (step - 1) % self.steps_per_epoch
        return min(self.batch_size, self.images - index * self.batch_size)
