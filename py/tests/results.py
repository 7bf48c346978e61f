"""What two trainings must have in common to be the same."""

import csv
import json
from pathlib import Path

from chexnet.training.files import sha256_of
from tests.rig import Ended

TIMES = frozenset(
    {
        "seconds",
        "train_seconds",
        "images_per_second",
        "step_ms_p50",
        "step_ms_p95",
        "step_ms_max",
        "loader_stall_share",
        "peak_memory_bytes",
    }
)


def assert_same_results(left: Path, right: Path) -> None:
    """Models bit for bit, history and steps but for times."""
    for name in ("best.pt", "last.pt", "latest.json"):
        assert sha256_of(left / name) == sha256_of(right / name)
    assert history_without_times(left) == history_without_times(right)
    assert steps_without_times(left) == steps_without_times(right)


def history_without_times(out: Path) -> list[dict[str, str]]:
    with open(out / "history.csv", newline="") as file:
        return [{key: value for key, value in row.items() if key not in TIMES} for row in csv.DictReader(file)]


def steps_without_times(out: Path) -> list[dict[str, object]]:
    steps = [json.loads(line) for line in (out / "steps.ndjson").read_text().splitlines()]
    return [{key: value for key, value in row.items() if key not in TIMES} for row in steps]


def resumed_from(ended: Ended) -> object:
    return ended.of_type("device")[0]["resumed_from_step"]
