"""How fast one core makes batches, with no model to wait for them."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
import torch

from chexnet.accelerators.choose import choose
from chexnet.accelerators.protocol import Place
from chexnet.findings import FINDINGS
from chexnet.training.data import Radiographs, Sources, load_radiographs
from chexnet.training.loader import Reader
from chexnet.training.plan import Plan, Share
from chexnet.training.recipe import Augment
from chexnet.training.views import Viewing
from tests.bench.figures import plain, rounded, speed_ratio

_VIEWS: Mapping[str, Augment | None] = {
    "none": None,
    "crop and flip": Augment(flip=0.5),
    "all": Augment(flip=0.5, shift=8, resized_crop=0.5, rotate=10, zoom=0.1, brightness=0.2, contrast=0.2, cutout=0.2),
}


def measure_loader(
    files: Mapping[str, str], *, crop: int, batches: Sequence[int], rounds: int
) -> list[dict[str, object]]:
    """By size of batch and kind of views: images per second through the reader, and beside plain copying of as many.

    Per second of processor time too: that is what a core does when nobody else is on it.
    """
    _one_core()
    accelerator = choose("cpu", Place(local_rank=0, local_size=1, threads=1)).accelerator
    data = load_radiographs(Sources(**{name: Path(path) for name, path in files.items()}), FINDINGS)
    results = []
    for batch in batches:
        shares = _shares(data, batch)
        count = batch * len(shares)
        for name, augment in _VIEWS.items():
            viewing = Viewing(stored=data.side, side=crop, augment=augment, seed=0)
            reader = Reader(accelerator, data.pixels, data.fold("train"), viewing)
            own = _Timing(partial(_read, reader, shares))
            copying = _Timing(partial(_copy, data, batch, count))
            for _ in range(rounds):
                own.once()
                copying.once()
            results.append(
                {
                    "stored": data.side,
                    "batch": batch,
                    "views": name,
                    "images_per_second": rounded(count / median(own.seconds)),
                    "images_per_processor_second": rounded(count / median(own.processor_seconds)),
                    "speed_by_plain_copying": plain(speed_ratio(own.processor_seconds, copying.processor_seconds)),
                }
            )
    return results


def _one_core() -> None:
    torch.set_num_threads(1)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


class _Timing:
    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self.seconds: list[float] = []
        self.processor_seconds: list[float] = []
        work()

    def once(self) -> None:
        begun, processor_begun = time.perf_counter(), time.process_time()
        self._work()
        self.seconds.append(time.perf_counter() - begun)
        self.processor_seconds.append(time.process_time() - processor_begun)


def _shares(data: Radiographs, batch: int) -> list[Share]:
    plan = Plan(images=len(data.fold("train")), batch_size=batch, epochs=1, seed=0)
    return [plan.shares(positions, rank=0, ranks=1, passes=1)[0] for positions in plan.batches(1)]


def _read(reader: Reader, shares: Sequence[Share]) -> None:
    for share in shares:
        reader.read_share(share, 1, 1)


def _copy(data: Radiographs, batch: int, count: int) -> None:
    """The same amount, in the order of the file."""
    for first in range(0, count, batch):
        np.array(data.pixels[first : first + batch], subok=False)
