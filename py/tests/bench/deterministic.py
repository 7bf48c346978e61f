"""What deterministic kernels cost: one training that is switched between both modes, a few steps each."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch

from tests.bench.case import Case, endless_job
from tests.bench.figures import plain, rate, speed_ratio
from tests.bench.observed import Enough, Watch, train_observed
from tests.bench.turns import Pace


@dataclass(slots=True)
class _Switching:
    """The hook after every update; seconds of a block by whether it was deterministic."""

    pace: Pace
    seconds: dict[bool, list[float]] = field(default_factory=lambda: {False: [], True: []})
    _deterministic: bool = False
    _warming: int = 2
    _taken: int = 0
    _begun: float = 0.0
    _started: float = field(default_factory=time.perf_counter)

    def __call__(self, watch: Watch) -> None:
        self._taken += 1
        block = self.pace.warm if self._warming else self.pace.steps
        if self._taken < block:
            return
        watch.accelerator.synchronize()
        if self._warming:
            self._warming -= 1
        else:
            self.seconds[self._deterministic].append(time.perf_counter() - self._begun)
        self._switch()
        self._taken, self._begun = 0, time.perf_counter()

    def _switch(self) -> None:
        done = len(self.seconds[True])
        late = time.perf_counter() - self._started > self.pace.most_seconds
        if done == len(self.seconds[False]) and (done >= self.pace.rounds or (late and done >= 2)):
            raise Enough
        self._deterministic = not self._deterministic
        set_deterministic(self._deterministic)


def set_deterministic(wanted: bool) -> None:
    """As a training sets it by its parameter `deterministic`."""
    torch.use_deterministic_algorithms(wanted, warn_only=True)
    torch.backends.cudnn.benchmark = not wanted


def compare_deterministic(case: Case, files: Mapping[str, str], folder: Path, pace: Pace) -> dict[str, object]:
    """Both speeds, and how fast the deterministic one is by the other."""
    switching = _Switching(pace)
    job = endless_job(case, files, folder, report_steps=pace.steps)
    train_observed(job, folder, switching, channels_last=case.channels_last, timed=False)
    images = case.batch * pace.steps
    exact, free = switching.seconds[True], switching.seconds[False]
    return {
        **case.described(),
        "deterministic_images_per_second": rate(images, exact),
        "images_per_second": rate(images, free),
        "ratio": plain(speed_ratio(exact, free)),
    }
