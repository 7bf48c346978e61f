"""Scores every image of a fold exactly once, whatever the number of ranks.

Batch k goes to rank k modulo the number of ranks, and every batch has the same shape (the last one is filled up and
the filling dropped). So the kernels see the same numbers for any number of ranks, and the scores have the same bits,
provided that device, threads per rank and batch size are equal.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch

from chexnet.training.averages import on_host_exactly
from chexnet.training.sampling import Integers

Logits = npt.NDArray[np.floating]

_NO_IMAGE = -1


class Gathering(Protocol):
    """The part of World that scoring needs."""

    @property
    def rank(self) -> int: ...

    @property
    def size(self) -> int: ...

    def gather(self, tensor: torch.Tensor) -> torch.Tensor: ...


@dataclass(frozen=True, slots=True)
class Scored:
    """Consecutive positions of a fold and their logits (n, findings)."""

    positions: Integers
    logits: Logits


def score(
    model: Callable[[Integers], torch.Tensor], *, count: int, batch_size: int, outputs: int, world: Gathering
) -> Iterator[Scored]:
    """Logits of positions 0 to count - 1, in order, as they come; the same on every rank.

    `model` takes `batch_size` positions and returns their logits. All ranks must exhaust the iterator.
    """
    batches = -(-count // batch_size)
    done = 0
    for first in range(0, batches, world.size):
        positions = _positions(first + world.rank, count, batch_size)
        logits = _logits(model, positions, outputs)
        all_positions = world.gather(torch.from_numpy(positions)).reshape(-1).numpy()
        all_logits = world.gather(logits).reshape(-1, outputs).numpy()
        real = all_positions != _NO_IMAGE
        found = all_positions[real]
        if not np.array_equal(found, np.arange(done, done + len(found))):
            raise AssertionError(f"Internal error: positions {found} came where {done} was next")
        done += len(found)
        yield Scored(positions=found, logits=all_logits[real])
    if done != count:
        raise AssertionError(f"Internal error: {done} of {count} images were scored")


def score_all(
    model: Callable[[Integers], torch.Tensor], *, count: int, batch_size: int, outputs: int, world: Gathering
) -> Logits:
    """The logits (count, outputs) in one array."""
    parts = [part.logits for part in score(model, count=count, batch_size=batch_size, outputs=outputs, world=world)]
    return np.concatenate(parts)


def _positions(batch: int, count: int, batch_size: int) -> Integers:
    positions = np.arange(batch * batch_size, (batch + 1) * batch_size, dtype=np.int64)
    return np.where(positions < count, positions, _NO_IMAGE)


def _logits(model: Callable[[Integers], torch.Tensor], positions: Integers, outputs: int) -> torch.Tensor:
    real = positions[positions != _NO_IMAGE]
    if len(real) == 0:
        return torch.zeros(len(positions), outputs, dtype=torch.float64)
    filled = np.concatenate([real, np.full(len(positions) - len(real), real[-1])])
    return on_host_exactly(model(filled))
