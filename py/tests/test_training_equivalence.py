"""Two ranks compute what one computes."""

import json
from pathlib import Path

from tests.rig import make_artifacts, run_job, train_arguments


def test_fifty_steps_of_two_ranks_equal_one_rank_in_float64_with_frozen_statistics(tmp_path: Path) -> None:
    artifacts = make_artifacts(tmp_path / "artifacts", count=170)
    folds = artifacts.folds / "folds.csv"
    # Validation would cost as much as training and prove nothing here.
    folds.write_text(folds.read_text().replace(",val", ",test"))
    losses: dict[int, list[float]] = {}
    for ranks in (1, 2):
        folder = tmp_path / f"ranks-{ranks}"
        arguments = train_arguments(
            artifacts,
            folder,
            ranks=ranks,
            epochs=1,
            batch_size=2,
            precision="fp64",
            freeze_batch_norm=True,
            optimizer={"name": "sgd", "lr": 0.01},
            schedule={"name": "constant"},
            checkpoint_steps=100,
        )
        ended = run_job("chexnet.training.train", arguments, folder, ranks=ranks)
        assert ended.code == 0, ended.stderr
        lines = (folder / "out" / "steps.ndjson").read_text().splitlines()
        losses[ranks] = [json.loads(line)["loss"] for line in lines]

    assert len(losses[1]) == 51
    assert losses[1][-1] != losses[1][0]
    assert max(abs(one - two) for one, two in zip(losses[1], losses[2], strict=True)) <= 1e-12
