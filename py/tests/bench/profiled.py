"""Where the time of a few steps goes: a trace to look at, and the kernels that take the most."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch.profiler import ProfilerActivity, profile

from tests.bench.case import Case, endless_job
from tests.bench.figures import rounded
from tests.bench.observed import Enough, Watch, train_observed
from tests.bench.turns import Pace

_MOST_KERNELS = 15


@dataclass(slots=True)
class _Profiling:
    """The hook after every update: records a block of them."""

    profiler: profile
    pace: Pace
    seconds: float = 0.0
    _taken: int = 0

    def __call__(self, watch: Watch) -> None:
        self._taken += 1
        if self._taken == self.pace.warm:
            watch.accelerator.synchronize()
            self.profiler.start()
            self.seconds -= time.perf_counter()
        elif self._taken == self.pace.warm + self.pace.steps:
            watch.accelerator.synchronize()
            self.seconds += time.perf_counter()
            self.profiler.stop()
            raise Enough


@dataclass(frozen=True, slots=True)
class _Kernel:
    name: str
    calls: int
    seconds: float


def profile_steps(case: Case, files: Mapping[str, str], folder: Path, pace: Pace, *, trace: Path) -> dict[str, object]:
    """One block of steps. Writes the trace, which Perfetto or chrome://tracing show, and returns the table."""
    on_host = case.device == "cpu"
    # The profiler has a name for every kind of device but not all at once in one build.
    activities = [ProfilerActivity.CPU]
    if not on_host:
        activities.append(getattr(ProfilerActivity, case.device.upper()))
    profiler = profile(activities=activities)
    job = endless_job(case, files, folder, report_steps=pace.steps)
    hook = _Profiling(profiler, pace)
    train_observed(job, folder, hook, channels_last=case.channels_last, timed=False)
    trace.parent.mkdir(parents=True, exist_ok=True)
    profiler.export_chrome_trace(str(trace))
    kernels = _kernels(profiler.key_averages(), on_host=on_host)
    if not kernels:
        raise RuntimeError(f"the profiler saw nothing that {case.device} did")
    whole = sum(kernel.seconds for kernel in kernels)
    return {
        **case.described(),
        "steps": pace.steps,
        "trace": str(trace),
        # With the profiler's own time, which is most of it where kernels are short.
        "ms_per_step": rounded(1000 * hook.seconds / pace.steps),
        "kernel_ms_per_step": rounded(1000 * whole / pace.steps),
        **({} if on_host else {"busy_share": rounded(whole / hook.seconds)}),
        "top": [
            {
                "name": kernel.name[:120],
                "calls_per_step": rounded(kernel.calls / pace.steps),
                "ms_per_step": rounded(1000 * kernel.seconds / pace.steps),
                "share": rounded(kernel.seconds / whole),
            }
            for kernel in kernels[:_MOST_KERNELS]
        ],
    }


def _kernels(rows: Any, *, on_host: bool) -> list[_Kernel]:
    """By time that is their own, on the device where there is one."""
    column = "self_cpu_time_total" if on_host else "self_device_time_total"
    # On a device the host's calls and named stretches are rows of their own, with the same time again.
    kept = [row for row in rows if on_host or not ("CPU" in str(row.device_type) or row.is_user_annotation)]
    found = [_Kernel(str(row.key), int(row.count), float(getattr(row, column)) / 1e6) for row in kept]
    return sorted((kernel for kernel in found if kernel.seconds > 0), key=lambda kernel: -kernel.seconds)
