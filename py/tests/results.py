"""Trainings that use everything, and what two of them must have in common to be the same."""

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

# Everything that could be forgotten in a checkpoint is switched on: the first epoch trains the head alone, and after
# the second, in which nothing can be better than in the first, the plateau lowers the rate of the third.
EVERYTHING: dict[str, object] = {
    "epochs": 3,
    "batch_size": 12,
    "ema": 0.99,
    "augment": {
        "flip": 0.5,
        "shift": 2,
        "resized_crop": 0.5,
        "rotate": 10,
        "zoom": 0.1,
        "brightness": 0.2,
        "contrast": 0.2,
        "cutout": 0.2,
        "mixup": 0.4,
    },
    "loss": {"name": "asymmetric", "label_smoothing": 0.05},
    "schedule": {"name": "plateau", "metric": "train_loss", "threshold": 1, "factor": 0.1, "warmup": 0.2},
    "freeze_epochs": 1,
    "early_stopping_epochs": 3,
    "best_by": "val_loss",
    "clip_norm": 5.0,
    "report_steps": 1,
    "checkpoint_steps": 100,
}


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


def newest_step(resume: Path) -> int:
    """Of the checkpoints in the folder; 0 without any."""
    latest = resume / "latest.json"
    entries = json.loads(latest.read_text())["checkpoints"] if latest.exists() else []
    return max((int(entry["step"]) for entry in entries), default=0)
