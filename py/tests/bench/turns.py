"""The product's loop and the bare one in turn, a few steps each, in one process."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from tests.bench.bare import BareLoop
from tests.bench.case import Case, endless_job
from tests.bench.figures import plain, rate, rounded, speed_ratio
from tests.bench.observed import Enough, Watch, train_observed


@dataclass(frozen=True, slots=True)
class Pace:
    """`warm` steps of each that are not counted, then blocks of `steps` in turn: `rounds` of them, or fewer once
    `most_seconds` are over, but no fewer than two. Every block of the product has a report.
    """

    warm: int
    steps: int
    rounds: int
    most_seconds: float


@dataclass(slots=True)
class Turns:
    """The hook after every update. All seconds are by block."""

    pace: Pace
    product: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)
    metrics: list[float] = field(default_factory=list)
    _bare_loop: BareLoop | None = None
    _taken: int = 0
    _started: float = 0.0
    _begun: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def __call__(self, watch: Watch) -> None:
        self._taken += 1
        pace = self.pace
        if self._taken < pace.warm or (self._taken - pace.warm) % pace.steps:
            return
        watch.accelerator.synchronize()
        now, waited, metrics = _read(watch)
        if self._bare_loop is None:
            self._bare_loop, self._started = BareLoop(watch), now
            self._bare_loop.steps(pace.warm)
            watch.accelerator.synchronize()
        else:
            self.product.append(now - self._begun[0])
            self.waited.append(waited - self._begun[1])
            self.metrics.append(metrics - self._begun[2])
            begun = time.perf_counter()
            self._bare_loop.steps(pace.steps)
            watch.accelerator.synchronize()
            self.bare.append(time.perf_counter() - begun)
        late = time.perf_counter() - self._started > pace.most_seconds
        if len(self.bare) >= pace.rounds or (late and len(self.bare) >= 2):
            raise Enough
        self._begun = _read(watch)


def _read(watch: Watch) -> tuple[float, float, float]:
    """The time, and what was waited for the loader and spent on metrics until now."""
    clocks = watch.clocks
    return time.perf_counter(), watch.waited, clocks.metrics.seconds - clocks.device.seconds


def compare_with_bare(case: Case, files: Mapping[str, str], folder: Path, pace: Pace) -> dict[str, object]:
    """Of one case: both speeds and their ratio, what was waited for the loader, what metrics cost."""
    turns = Turns(pace)
    job = endless_job(case, files, folder, report_steps=pace.steps)
    train_observed(job, folder, turns, channels_last=case.channels_last)
    images = case.batch * pace.steps
    return {
        **case.described(),
        "steps_per_block": pace.steps,
        "product_images_per_second": rate(images, turns.product),
        "bare_images_per_second": rate(images, turns.bare),
        "ratio": plain(speed_ratio(turns.product, turns.bare)),
        "loader_stall_share": rounded(sum(turns.waited) / sum(turns.product)),
        "metric_share": rounded(
            median(spent / whole for spent, whole in zip(turns.metrics, turns.product, strict=True))
        ),
    }
