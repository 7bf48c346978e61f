"""Ranks and passes compute what one rank computes in one pass."""

import json
from pathlib import Path

import pytest

from tests.rig import Artifacts, Forge, make_artifacts, train_arguments
from tests.tiny import TINY

TRAIN = "chexnet.training.train"

EXACT: dict[str, object] = {
    "precision": "fp64",
    "freeze_batch_norm": True,
    "optimizer": {"name": "sgd", "lr": 0.01},
    "schedule": {"name": "constant"},
    "checkpoint_steps": 100,
}


def without_validation(folder: Path, *, count: int, side: int = 32) -> Artifacts:
    """Validation would cost as much as training and prove nothing here."""
    artifacts = make_artifacts(folder, count=count, side=side)
    folds = artifacts.folds / "folds.csv"
    folds.write_text(folds.read_text().replace(",val", ",test"))
    return artifacts


def losses_of(forge: Forge, module: str, artifacts: Artifacts, folder: Path, **params: object) -> list[float]:
    ranks = params.get("ranks", 1)
    assert isinstance(ranks, int)
    arguments = train_arguments(artifacts, folder, **{**EXACT, **params})
    ended = forge.run(module, arguments, folder, ranks=ranks)
    assert ended.code == 0, ended.stderr
    lines = (folder / "out" / "steps.ndjson").read_text().splitlines()
    return [json.loads(line)["loss"] for line in lines]


def apart(one: list[float], other: list[float]) -> float:
    assert one[-1] != one[0]
    return max(abs(left - right) for left, right in zip(one, other, strict=True))


def test_fifty_steps_of_two_ranks_equal_one_rank_in_float64_with_frozen_statistics(
    forge: Forge, tmp_path: Path
) -> None:
    artifacts = without_validation(tmp_path / "artifacts", count=170)
    losses = {
        ranks: losses_of(forge, TRAIN, artifacts, tmp_path / f"ranks-{ranks}", ranks=ranks, epochs=1, batch_size=2)
        for ranks in (1, 2)
    }

    assert len(losses[1]) == 51
    assert apart(losses[1], losses[2]) <= 1e-12


def test_fifty_steps_in_passes_with_a_short_last_batch_equal_whole_steps_of_one_rank(
    forge: Forge, tmp_path: Path
) -> None:
    # 51 images to train on: 12 steps of 4 and one of 3, four times.
    artifacts = without_validation(tmp_path / "artifacts", count=85)
    common: dict[str, object] = {"epochs": 4, "batch_size": 4, "last_batch": "keep"}
    whole = losses_of(forge, TINY, artifacts, tmp_path / "whole", **common)

    shared = losses_of(forge, TINY, artifacts, tmp_path / "shared", **common, ranks=2, accumulate=2)

    assert len(whole) == 52
    assert apart(whole, shared) <= 1e-12


@pytest.mark.parametrize(
    "loss",
    [
        {"name": "bce", "positive_weight": "prevalence", "label_smoothing": 0.1},
        {"name": "focal", "alpha": 0.25},
        {"name": "asymmetric"},
        {"name": "sigmoid-cross-entropy"},
    ],
    ids=lambda loss: str(loss["name"]),
)
def test_every_loss_is_that_of_the_whole_batch_also_when_a_rank_has_only_fillers(
    forge: Forge, tmp_path: Path, loss: dict[str, object]
) -> None:
    ten_crop = loss["name"] == "sigmoid-cross-entropy"
    artifacts = without_validation(tmp_path / "artifacts", count=40, side=36 if ten_crop else 32)
    # 24 images: a step of 18 and one of 6, of which rank 1 and the last pass of rank 0 have none.
    common: dict[str, object] = {"epochs": 2, "batch_size": 18, "last_batch": "keep", "loss": loss}
    common |= {"ten_crop": ten_crop, "freeze_epochs": 1}
    whole = losses_of(forge, TINY, artifacts, tmp_path / "whole", **common)

    shared = losses_of(forge, TINY, artifacts, tmp_path / "shared", **common, ranks=2, accumulate=3)

    assert len(whole) == 4
    assert apart(whole, shared) <= 1e-12
