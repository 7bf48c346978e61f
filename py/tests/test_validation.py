"""A validation is the same, however many ranks share it."""

from pathlib import Path
from typing import Any

import pytest

from tests.rig import Forge, make_artifacts, train_arguments
from tests.tiny import TINY


@pytest.mark.parametrize("images", [8, 2])
def test_a_validation_does_not_depend_on_the_number_of_ranks(forge: Forge, tmp_path: Path, images: int) -> None:
    own = make_artifacts(tmp_path / "own", count=40)
    folds = own.folds / "folds.csv"
    lines = folds.read_text().splitlines()
    dropped = [line for line in lines if line.endswith(",val")][images:]
    folds.write_text("\n".join(line for line in lines if line not in dropped) + "\n")
    still: dict[str, object] = {"optimizer": {"name": "sgd", "lr": 1e-12}, "freeze_batch_norm": True, "batch_size": 24}
    found: list[dict[str, Any]] = []
    for ranks in (1, 2, 3):
        folder = tmp_path / f"ranks-{ranks}"
        arguments = train_arguments(own, folder, **still, epochs=1, ranks=ranks)
        done = forge.run(TINY, arguments, folder, ranks=ranks)
        assert done.code == 0, done.stderr
        (epoch,) = done.of_type("epoch")
        facts = done.of_type("summary")[-1]["facts"]
        assert isinstance(facts, dict)
        assert facts["val_images"] == images
        metrics = epoch["metrics"]
        assert isinstance(metrics, dict)
        found.append(metrics)

    values = [(metrics["val_loss"], metrics["val_auroc_macro"], metrics["val_auroc_defined"]) for metrics in found]
    assert values[0][0] == pytest.approx(values[1][0], abs=2e-6)
    assert values[0][0] == pytest.approx(values[2][0], abs=2e-6)
    assert values[0][1:] == values[1][1:] == values[2][1:]
