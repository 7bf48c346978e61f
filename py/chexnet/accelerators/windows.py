"""Step times of devices whose work is queued."""

import time
from collections.abc import Sequence


def mean_seconds(stamps: Sequence[object]) -> list[float]:
    """Of each step between host times; called when the device has done its work: only the window's mean is right."""
    times = [stamp for stamp in stamps if isinstance(stamp, float)]
    if len(times) < 2:
        return []
    return [(time.perf_counter() - times[0]) / (len(times) - 1)] * (len(times) - 1)
