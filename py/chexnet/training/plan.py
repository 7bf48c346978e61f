"""Which images make which step."""

from collections.abc import Iterator
from dataclasses import dataclass

from chexnet.training.sampling import Integers, epoch_order


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps and epochs, counted from 1, and their images. The odd images at the end of an epoch are left out of it."""

    images: int
    batch_size: int
    epochs: int
    seed: int

    @property
    def steps_per_epoch(self) -> int:
        return self.images // self.batch_size

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
