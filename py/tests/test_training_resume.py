"""A training that was stopped, killed or robbed of its newest checkpoint ends with the bits of an undisturbed one."""

import csv
import json
import os
import signal
from pathlib import Path

import pytest

from chexnet.training.files import sha256_of
from tests.rig import TIMEOUT_SECONDS, Artifacts, Ended, kill, run_job, start_job, train_arguments

TRAIN = "chexnet.training.train"
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
# Everything that could be forgotten in a checkpoint is switched on: steps 1 to 4 train the head alone, and after the
# second epoch, in which nothing can be better than in the first, the plateau lowers the rate of the third.
PARAMS: dict[str, object] = {
    "epochs": 3,
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
}


@pytest.mark.parametrize("ranks", [1, 2])
def test_stopped_politely_then_killed_then_resumed_it_ends_like_an_undisturbed_one(
    artifacts: Artifacts, tmp_path: Path, ranks: int
) -> None:
    # Three passes of two images each; two ranks have too few images for that.
    params = {**PARAMS, "ranks": ranks, "accumulate": 3 if ranks == 1 else 1}
    undisturbed = tmp_path / "undisturbed"
    plain = train_arguments(artifacts, undisturbed, **params)
    assert run_job(TRAIN, plain, undisturbed, ranks=ranks).code == 0

    disturbed = tmp_path / "disturbed"
    seldom = train_arguments(artifacts, disturbed, **params, checkpoint_steps=100, report_steps=1)
    stopped = start_job(TRAIN, seldom, disturbed, ranks=ranks)
    stopped.until(type="steps", first_step=1)
    os.killpg(stopped.process.pid, signal.SIGTERM)
    saved = stopped.until(type="checkpoint")
    code = stopped.process.wait(timeout=TIMEOUT_SECONDS)
    # torchrun has no other code for ranks that were stopped.
    assert code == (143 if ranks == 1 else 1)

    often = train_arguments(artifacts, disturbed, **params, checkpoint_steps=3, report_steps=1)
    killed = start_job(TRAIN, often, disturbed, ranks=ranks)
    assert killed.until(type="device")["resumed_from_step"] == saved["step"]
    killed.until(type="checkpoint", step=6)
    kill(killed)
    resumed = run_job(TRAIN, often, disturbed, ranks=ranks)

    assert resumed.code == 0, resumed.stderr
    assert resumed_from(resumed) == 6
    assert_same_results(disturbed / "out", undisturbed / "out")
    rates = [row["learning_rate"] for row in steps_without_times(disturbed / "out")]
    assert rates[6:8] == [1e-3, 1e-3]
    assert rates[8:] == [1e-4] * 4


def test_three_ranks_go_on_from_the_checkpoint_before_a_damaged_one_with_the_same_bits(
    artifacts: Artifacts, tmp_path: Path
) -> None:
    arguments = train_arguments(artifacts, tmp_path, **{**PARAMS, "epochs": 2}, ranks=3)
    assert run_job(TRAIN, arguments, tmp_path, ranks=3).code == 0
    undisturbed = tmp_path / "undisturbed"
    (tmp_path / "out").rename(undisturbed)
    newest = tmp_path / "resume" / "checkpoint-00000008.pt"
    with open(newest, "r+b") as file:
        file.seek(1_000_000)
        file.write(b"damage")

    resumed = run_job(TRAIN, arguments, tmp_path, ranks=3)

    assert resumed.code == 0, resumed.stderr
    assert f"{newest} is passed over: its content is not what was written" in resumed.stderr
    assert resumed_from(resumed) == 6
    assert_same_results(tmp_path / "out", undisturbed)


def test_three_ranks_killed_while_the_head_alone_learns_go_on_with_the_same_bits(
    artifacts: Artifacts, tmp_path: Path
) -> None:
    # Two steps of two passes per epoch. The whole model's first step comes after the restart.
    params: dict[str, object] = {"batch_size": 12, "accumulate": 2, "freeze_epochs": 1, "epochs": 2, "ranks": 3}
    undisturbed = tmp_path / "undisturbed"
    assert run_job(TRAIN, train_arguments(artifacts, undisturbed, **params), undisturbed, ranks=3).code == 0
    disturbed = tmp_path / "disturbed"
    arguments = train_arguments(artifacts, disturbed, **params, checkpoint_steps=1, report_steps=1)
    killed = start_job(TRAIN, arguments, disturbed, ranks=3)
    killed.until(type="checkpoint", step=1)
    kill(killed)

    resumed = run_job(TRAIN, arguments, disturbed, ranks=3)

    assert resumed.code == 0, resumed.stderr
    assert resumed_from(resumed) in (1, 2)
    assert_same_results(disturbed / "out", undisturbed / "out")


def resumed_from(ended: Ended) -> object:
    return ended.of_type("device")[0]["resumed_from_step"]


def assert_same_results(left: Path, right: Path) -> None:
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
