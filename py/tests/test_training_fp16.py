"""Half precision: gradients are scaled, the steps that overflow are counted, and too many in a row end the training."""

import csv
import re
from pathlib import Path

import torch

from tests.rig import Artifacts, Forge, train_arguments
from tests.tiny import TINY


def loss_with(positive_weight: float) -> dict[str, object]:
    """A weight so great that gradients of a finite loss are too large for fp16 at its first scale."""
    return {"name": "bce", "positive_weight": positive_weight}


def test_steps_that_fp16_leaves_out_are_counted_and_said_and_the_scale_goes_on(
    artifacts: Artifacts, forge: Forge, tmp_path: Path
) -> None:
    arguments = train_arguments(
        artifacts,
        tmp_path,
        precision="fp16",
        epochs=1,
        batch_size=2,
        loss=loss_with(50),
        report_steps=12,
        checkpoint_steps=100,
    )

    ended = forge.run(TINY, arguments, tmp_path)

    assert ended.code == 0, ended.stderr
    notes = [str(event["line"]) for event in ended.of_type("log")]
    found = re.fullmatch(r"fp16 left out (\d+) of the last 12 steps up to step 12; its scale is (\d+) now", notes[0])
    assert found is not None
    count = int(found[1])
    assert 0 < count < 12
    assert int(found[2]) == 65536 >> count
    assert notes[0] in ended.stderr
    with open(tmp_path / "out" / "history.csv", newline="") as file:
        assert [row["skipped_steps"] for row in csv.DictReader(file)] == [str(count)]
    facts = ended.of_type("summary")[-1]["facts"]
    assert isinstance(facts, dict)
    assert facts["skipped_steps"] == count
    newest = max((tmp_path / "resume").glob("checkpoint-*.pt"))
    scaler = torch.load(newest, weights_only=True)["scaler"]
    assert scaler["scale"] == 65536 >> count
    assert scaler["_growth_tracker"] <= 12 - count


def test_too_many_steps_in_a_row_that_fp16_leaves_out_end_it_with_the_images(
    artifacts: Artifacts, forge: Forge, tmp_path: Path
) -> None:
    arguments = train_arguments(
        artifacts,
        tmp_path,
        precision="fp16",
        epochs=2,
        batch_size=2,
        loss=loss_with(1e15),
        report_steps=8,
        checkpoint_steps=13,
    )

    ended = forge.run(TINY, arguments, tmp_path)

    assert ended.code == 2
    (said,) = [line for line in ended.stderr.splitlines() if line.startswith("error: ")]
    assert said.startswith("error: fp16 left out 21 steps in a row, the last of them step 21: ")
    assert said.count("_000.png") == 2
    assert "Train in bf16 or fp32" in ended.stderr
    # The count goes on over the end of the first epoch, and its checkpoint is kept.
    assert (tmp_path / "resume" / "checkpoint-00000013.pt").exists()


def test_other_precisions_have_no_such_count(artifacts: Artifacts, forge: Forge, tmp_path: Path) -> None:
    arguments = train_arguments(artifacts, tmp_path, epochs=1, batch_size=24, checkpoint_steps=100)

    ended = forge.run(TINY, arguments, tmp_path)

    facts = ended.of_type("summary")[-1]["facts"]
    assert isinstance(facts, dict)
    assert "skipped_steps" not in facts
    with open(tmp_path / "out" / "history.csv", newline="") as file:
        assert [row["skipped_steps"] for row in csv.DictReader(file)] == [""]
