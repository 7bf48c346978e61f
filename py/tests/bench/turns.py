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
    product_processor: list[float] = field(default_factory=list)
    bare_processor: list[float] = field(default_factory=list)
    metrics: list[float] = field(default_factory=list)
    _bare_loop: BareLoop | None = None
    _taken: int = 0
    _started: float = 0.0
    _begun: "_Reading | None" = None
    _marks: list[tuple[float, float]] = field(default_factory=list)

    def __call__(self, watch: Watch) -> None:
        self._taken += 1
        pace = self.pace
        ends = self._taken >= pace.warm and (self._taken - pace.warm) % pace.steps == 0
        if ends:
            watch.accelerator.synchronize()
        self._marks.append((time.perf_counter(), watch.waited))
        if not ends:
            return
        ended = _Reading.of(watch)
        if self._begun is None:
            self._bare_loop, self._started = BareLoop(watch), ended.seconds
            self._bare_loop.steps(pace.warm)
            watch.accelerator.synchronize()
        else:
            self._note(self._begun, ended)
            assert self._bare_loop is not None
            self._bare_loop.steps(pace.steps)
            watch.accelerator.synchronize()
            after = _Reading.of(watch)
            self.bare.append(after.seconds - ended.seconds)
            self.bare_processor.append(after.processor - ended.processor)
        late = time.perf_counter() - self._started > pace.most_seconds
        if len(self.bare) >= pace.rounds or (late and len(self.bare) >= 2):
            raise Enough
        self._begun = _Reading.of(watch)

    def _note(self, begun: "_Reading", ended: "_Reading") -> None:
        self.product.append(ended.seconds - begun.seconds)
        self.product_processor.append(ended.processor - begun.processor)
        self.metrics.append(ended.metrics - begun.metrics)

    def stall_share(self) -> float:
        """Of the time of steps, what was waited for the loader.

        The first step of a block is left out, unless it is the only one: its images were read while the bare loop ran.
        """
        waited = seconds = 0.0
        warm, steps = self.pace.warm, self.pace.steps
        # What a step waited for is known at the update of the next one.
        for step in range(warm + 1, len(self._marks)):
            if steps == 1 or (step - warm) % steps != 1:
                (before, _), (ended, known), (_, later) = self._marks[step - 2 : step + 1]
                waited, seconds = waited + later - known, seconds + ended - before
        return waited / seconds


@dataclass(frozen=True, slots=True)
class _Reading:
    """The time, processor time of all threads, and what was spent on metrics until now."""

    seconds: float
    processor: float
    metrics: float

    @staticmethod
    def of(watch: Watch) -> "_Reading":
        spent = watch.clocks.metrics.seconds - watch.clocks.device.seconds
        return _Reading(time.perf_counter(), time.process_time(), spent)


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
        **_by_processor_time(case, turns),
        "loader_stall_share": rounded(turns.stall_share()),
        "metric_share": rounded(
            median(spent / whole for spent, whole in zip(turns.metrics, turns.product, strict=True))
        ),
    }


def _by_processor_time(case: Case, turns: Turns) -> dict[str, object]:
    """Whatever else runs on the machine disturbs it less; says nothing where a device of its own computes."""
    if case.device != "cpu":
        return {}
    return {"ratio_by_processor_time": plain(speed_ratio(turns.product_processor, turns.bare_processor))}
