"""Reads batches from the pixel file, one ahead of the loop."""

import time
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import torch

from chexnet.accelerators.protocol import Accelerator
from chexnet.training.data import Fold, Pixels
from chexnet.training.losses import count_labels
from chexnet.training.mixing import mixing_weights, partners
from chexnet.training.plan import Share
from chexnet.training.resident import Held
from chexnet.training.sampling import Integers
from chexnet.training.views import Viewing, Views

# One is enough: a core reads 78,000 images of 256 px a second from a warm file.
_AHEAD = 2

_NO_PIXELS = torch.empty(0, dtype=torch.uint8)

_Todo = TypeVar("_Todo")


@dataclass(frozen=True, slots=True)
class Batch:
    """`pixels` uint8 (n, stored, stored) and `labels` float32 (n, findings), on the host, staged for the device.

    `held`: the pixels where they stay on the device; `pixels` is then empty.
    `counted` float32 (n, findings): 1 where a label counts for the loss, 0 where it is missing or its image a filler;
    None when all count. `per_rank`: labels of the whole step that count, divided by the ranks. `mix`: what every image
    is mixed with.
    """

    pixels: torch.Tensor
    labels: torch.Tensor
    views: Views | None
    held: Held | None = None
    counted: torch.Tensor | None = None
    per_rank: float = 0.0
    mix: "Mix | None" = None


@dataclass(frozen=True, slots=True)
class Mix:
    """Another image for every image of a batch, without labels; `weight` (n,) float32: the first one's share."""

    partner: Batch
    weight: torch.Tensor


@dataclass(frozen=True, slots=True)
class Reader:
    """Makes batches of a fold from positions in it.

    `present` (n, findings): which labels are known; None: all. `resident`: the fold's images on the device, if there.
    """

    accelerator: Accelerator
    pixels: Pixels
    fold: Fold
    viewing: Viewing
    present: npt.NDArray[np.bool_] | None = None
    resident: torch.Tensor | None = None

    def read(self, positions: Integers, epoch: int) -> Batch:
        rows, stage = self.fold.rows[positions], self.accelerator.stage
        held = None if self.resident is None else Held(self.resident, stage(torch.from_numpy(positions)))
        return Batch(
            pixels=stage(torch.from_numpy(read_rows(self.pixels, rows))) if held is None else _NO_PIXELS,
            labels=stage(torch.from_numpy(self.fold.labels[positions])),
            views=self.viewing.of(rows, epoch),
            held=held,
        )

    def read_share(self, share: Share, epoch: int, ranks: int) -> Batch:
        """One pass of one rank in training."""
        batch = self.read(share.positions, epoch)
        augment = self.viewing.augment
        known, mix = self._known(share.positions), None
        if augment is not None and augment.mixup > 0:
            mix, labels = self._mix(share.positions, epoch, augment.mixup)
            batch = replace(batch, labels=self.accelerator.stage(torch.from_numpy(labels)))
        counted = None
        if known is not None or share.real < len(share.positions):
            count = np.ones(batch.labels.shape, dtype=np.float32) if known is None else known.astype(np.float32)
            count[share.real :] = 0
            counted = self.accelerator.stage(torch.from_numpy(count))
        labels_of_step = count_labels(self.present, share.step, batch.labels.shape[1])
        return replace(batch, counted=counted, per_rank=labels_of_step / ranks, mix=mix)

    def _known(self, positions: Integers) -> npt.NDArray[np.bool_] | None:
        return None if self.present is None else self.present[positions]

    def _mix(self, positions: Integers, epoch: int, strength: float) -> tuple[Mix, npt.NDArray[np.float32]]:
        """The partners of these positions, and the labels of the mixtures."""
        rows, seed = self.fold.rows[positions], self.viewing.seed
        others = partners(rows, len(self.fold), seed=seed, epoch=epoch)
        weight = mixing_weights(rows, strength, seed=seed, epoch=epoch)
        labels = weight[:, None] * self.fold.labels[positions] + (1 - weight[:, None]) * self.fold.labels[others]
        staged = self.accelerator.stage(torch.from_numpy(weight))
        return Mix(partner=self.read(others, epoch), weight=staged), labels.astype(np.float32)


def read_rows(pixels: Pixels, rows: Integers) -> Pixels:
    """A copy of these images. np.take lets other threads run meanwhile, indexing does not."""
    images: Pixels = np.take(pixels, rows, axis=0)
    return images


def ahead(read: Callable[[_Todo], Batch], plan: Iterable[_Todo]) -> Generator[tuple[Batch, float], None, None]:
    """The batches of `plan` in order, each with the seconds that the caller had to wait for it."""
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="loader") as pool:
        waiting: deque[Future[Batch]] = deque()
        todo = iter(plan)
        try:
            for share in todo:
                waiting.append(pool.submit(read, share))
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
