"""A training that was stopped or killed ends with the bits of an undisturbed one, on any number of ranks."""

import json
import shutil
import signal
from pathlib import Path

import pytest
import torch

from tests.results import assert_same_results, resumed_from, steps_without_times
from tests.rig import Artifacts, Forge, train_arguments

TRAIN = "chexnet.training.train"
# Everything that could be forgotten in a checkpoint is switched on: steps 1 and 2 train the head alone, and after the
# second epoch, in which nothing can be better than in the first, the plateau lowers the rate of the third.
PARAMS: dict[str, object] = {
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


# Four ranks too: from three on gloo adds in an order that DDP's layout decides.
@pytest.mark.parametrize(
    ("ranks", "passes", "stopped_at", "killed_at"), [(1, 3, 1, 4), (2, 1, 3, 5), (3, 2, 1, None), (4, 1, None, 3)]
)
def test_stopped_politely_or_killed_and_resumed_it_ends_like_an_undisturbed_one(
    artifacts: Artifacts,
    forge: Forge,
    tmp_path: Path,
    ranks: int,
    passes: int,
    stopped_at: int | None,
    killed_at: int | None,
) -> None:
    params = {**PARAMS, "ranks": ranks, "accumulate": passes}
    undisturbed, disturbed = tmp_path / "undisturbed", tmp_path / "disturbed"
    ended = forge.run(TRAIN, train_arguments(artifacts, undisturbed, **params), undisturbed, ranks=ranks)
    assert ended.code == 0, ended.stderr
    plain = train_arguments(artifacts, disturbed, **params)
    last = 0

    if stopped_at is not None:
        running = forge.start(TRAIN, plain, disturbed, ranks=ranks)
        running.until(type="steps", first_step=stopped_at)
        # The ranks agree on a step, also when only one of them has been asked.
        code = running.end(signal.SIGTERM)
        last = newest_step(disturbed / "resume")
        assert code == 128 + signal.SIGTERM
        assert last >= stopped_at
    if killed_at is not None:
        often = train_arguments(artifacts, disturbed, **{**params, "checkpoint_steps": killed_at})
        running = forge.start(TRAIN, often, disturbed, ranks=ranks)
        assert running.until(type="device")["resumed_from_step"] == (last or None)
        running.until(type="checkpoint", step=killed_at)
        running.end(signal.SIGKILL)
        last = newest_step(disturbed / "resume")
        assert last >= killed_at
    resumed = forge.run(TRAIN, plain, disturbed, ranks=ranks)

    assert resumed.code == 0, resumed.stderr
    assert resumed_from(resumed) == last
    assert_same_results(disturbed / "out", undisturbed / "out")
    rates = [row["learning_rate"] for row in steps_without_times(disturbed / "out")]
    assert rates[3] == 1e-3
    assert rates[4:] == [1e-4] * 2


def test_a_training_goes_on_with_another_number_of_ranks_and_says_so(
    artifacts: Artifacts, forge: Forge, tmp_path: Path
) -> None:
    params = {**PARAMS, "ranks": 2, "checkpoint_steps": 3}
    running = forge.start(TRAIN, train_arguments(artifacts, tmp_path, **params), tmp_path, ranks=2)
    running.until(type="checkpoint", step=3)
    running.end(signal.SIGKILL)
    left = tmp_path / "left"
    shutil.copytree(tmp_path / "resume", left)
    step = newest_step(left)

    alone = forge.run(TRAIN, train_arguments(artifacts, tmp_path, **{**params, "ranks": 1}), tmp_path)

    said = f"resumed on 1 rank after 2 ranks from step {step}"
    assert alone.code == 0, alone.stderr
    (device,) = alone.of_type("device")
    assert (device["resumed_from_step"], device["ranks"], device["resumed_from_ranks"]) == (step, 1, 2)
    told = f"{said}: not bit-equal to a training without this change"
    assert [event["text"] for event in alone.of_type("warning")] == [told]
    assert f"warning: {told}" in alone.stderr
    facts = alone.of_type("summary")[-1]["facts"]
    assert isinstance(facts, dict)
    assert facts["other_ranks"] == said
    change = [{"after_step": step, "ranks_before": 2, "ranks": 1}]
    assert json.loads((tmp_path / "out" / "latest.json").read_text())["other_ranks"] == change
    assert torch.load(tmp_path / "out" / "last.pt", weights_only=True)["other_ranks"] == change
    # The same images in the same steps: the first loss is that of the same weights, apart from the statistics.
    rows = steps_without_times(tmp_path / "out")
    assert [row["step"] for row in rows] == list(range(1, 7))


def newest_step(resume: Path) -> int:
    steps: list[int] = [entry["step"] for entry in json.loads((resume / "latest.json").read_text())["checkpoints"]]
    return max(steps)
