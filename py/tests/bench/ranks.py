"""Two ranks of one thread against one rank of two, in turn, calm and beside a busy neighbour."""

import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from tests.bench.case import Case
from tests.bench.contestant import contestant, neighbour
from tests.bench.figures import plain, rate, speed_ratio
from tests.bench.turns import Pace


def compare_ranks(case: Case, files: Mapping[str, str], folder: Path, pace: Pace) -> dict[str, object]:
    """The speeds of both, by each other, and beside the neighbour by what they were without it."""
    seconds: dict[str, list[float]] = {name: [] for name in ("2x1", "1x2", "2x1 busy", "1x2 busy")}
    with ExitStack() as stack:
        # All are started before the first is waited for.
        beside = stack.enter_context(neighbour(threads=2))
        contestants = {
            f"{ranks}x{threads}": stack.enter_context(
                contestant(replace(case, ranks=ranks, threads=threads), files, folder / f"{ranks}x{threads}", pace)
            )
            for ranks, threads in ((2, 1), (1, 2))
        }
        beside.meet()
        for one in contestants.values():
            one.meet()
        begun = time.monotonic()
        for number in range(pace.rounds):
            if number >= 2 and time.monotonic() - begun > pace.most_seconds:
                break
            for name, one in contestants.items():
                seconds[name].append(one.block(pace.steps))
            with beside.awake():
                for name, one in contestants.items():
                    seconds[f"{name} busy"].append(one.block(pace.steps))
        for one in contestants.values():
            one.end()
    images = case.batch * pace.steps
    return {
        **case.described(),
        "steps_per_block": pace.steps,
        "images_per_second": {name: rate(images, taken) for name, taken in seconds.items()},
        "two_ranks_by_one": plain(speed_ratio(seconds["2x1"], seconds["1x2"])),
        "two_ranks_beside_busy": plain(speed_ratio(seconds["2x1 busy"], seconds["2x1"])),
        "one_rank_beside_busy": plain(speed_ratio(seconds["1x2 busy"], seconds["1x2"])),
    }
