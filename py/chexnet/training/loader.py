"""Reads batches from the pixel file, one ahead of the loop."""

import time
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch

from chexnet.accelerators.protocol import Accelerator
from chexnet.training.data import Fold, Pixels
from chexnet.training.sampling import Integers
from chexnet.training.views import Viewing, Views

# One is enough: a core reads 78,000 images of 256 px a second from a warm file.
_AHEAD = 2


@dataclass(frozen=True, slots=True)
class Batch:
    """`pixels` uint8 (n, stored, stored) and `labels` float32 (n, findings), on the host, staged for the device."""

    pixels: torch.Tensor
    labels: torch.Tensor
    views: Views | None


@dataclass(frozen=True, slots=True)
class Reader:
    """Makes batches of a fold from positions in it."""

    accelerator: Accelerator
    pixels: Pixels
    fold: Fold
    viewing: Viewing

    def read(self, positions: Integers, epoch: int) -> Batch:
        rows = self.fold.rows[positions]
        return Batch(
            pixels=self.accelerator.stage(torch.from_numpy(read_rows(self.pixels, rows))),
            labels=self.accelerator.stage(torch.from_numpy(self.fold.labels[positions])),
            views=self.viewing.of(rows, epoch),
        )


def read_rows(pixels: Pixels, rows: Integers) -> Pixels:
    """A copy of these images. np.take lets other threads run meanwhile, indexing does not."""
    images: Pixels = np.take(pixels, rows, axis=0)
    return images


def ahead(read: Callable[[Integers], Batch], plan: Iterable[Integers]) -> Generator[tuple[Batch, float], None, None]:
    """The batches of `plan` in order, each with the seconds that the caller had to wait for it."""
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="loader") as pool:
        waiting: deque[Future[Batch]] = deque()
        todo = iter(plan)
        try:
            for positions in todo:
                waiting.append(pool.submit(read, positions))
                if len(waiting) >= _AHEAD:
                    yield _next(waiting)
            while waiting:
                yield _next(waiting)
        finally:
            for future in waiting:
                future.cancel()


def _next(waiting: "deque[Future[Batch]]") -> tuple[Batch, float]:
    start = time.perf_counter()
    batch = waiting.popleft().result()
    return batch, time.perf_counter() - start
