"""Half precision: gradients are scaled so that they do not vanish, and the scale goes on from a checkpoint."""

from pathlib import Path

import torch

from tests.rig import Artifacts, run_job, train_arguments


def test_the_scale_of_fp16_is_in_the_checkpoint_and_goes_on(artifacts: Artifacts, tmp_path: Path) -> None:
    ended = run_job(
        "chexnet.training.train", train_arguments(artifacts, tmp_path, precision="fp16", epochs=1), tmp_path
    )

    assert ended.code == 0, ended.stderr
    newest = max((tmp_path / "resume").glob("checkpoint-*.pt"))
    scaler = torch.load(newest, weights_only=True)["scaler"]
    assert scaler["scale"] > 0
    assert scaler["_growth_tracker"] > 0
