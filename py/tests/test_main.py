"""Training without the pipeline, as the project that this one descends from did."""

import json
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from chexnet.findings import FINDINGS
from tests.rig import SOURCE, TIMEOUT_SECONDS, Artifacts, environment, torchrun


def run_main(*options: str, ranks: int = 1) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, *torchrun(ranks), "main.py", *options]
    return subprocess.run(
        command, env=environment(None), cwd=SOURCE, capture_output=True, text=True, timeout=TIMEOUT_SECONDS
    )


def state_of(artifacts: Artifacts, folder: Path) -> Path:
    """A state directory in which the pipeline has preprocessed `artifacts`."""
    home = folder / "artifacts"
    home.mkdir()
    for name in ("dataset", "folds", "images"):
        artifact = shutil.copytree(getattr(artifacts, name), home / f"{name}-fingerprint")
        inputs = [] if name == "dataset" else [{"type": "dataset", "fingerprint": "dataset-fingerprint"}]
        record = {"type": name, "inputs": inputs, "finishedAt": "2026-01-01T00:00:00Z"}
        (artifact / "stage.json").write_text(json.dumps(record))
    return folder


def test_two_ranks_train_on_what_the_pipeline_has_preprocessed(artifacts: Artifacts, tmp_path: Path) -> None:
    options = ["--state_dir", str(state_of(artifacts, tmp_path)), "--cpu", "--epochs", "1", "--batch_size", "8"]

    done = run_main(*options, "--out", str(tmp_path / "model"), ranks=2)

    assert done.returncode == 0, done.stderr
    assert "2 × cpu (" in done.stderr
    assert re.search(r"^epoch 1/1  train loss 0\.\d{4}  val loss \d+\.\d{4}  val AUROC 0\.\d{4}", done.stderr, re.M)
    assert json.loads((tmp_path / "model" / "latest.json").read_text())["steps"] == 3


def test_a_missing_gaudi_is_told_once_with_what_was_looked_for_and_what_to_do(tmp_path: Path) -> None:
    done = run_main("--hpu", "--state_dir", str(tmp_path), ranks=2)

    # torchrun has one code for all failures, and adds a trace of its own after the message.
    assert done.returncode == 1
    message, _, _ = done.stderr.partition("torch/distributed/elastic")
    assert message.count("error: No Gaudi accelerator (hpu) is here: the Python package habana_frameworks") == 1
    assert "Looked for: the Python package habana_frameworks.torch (not installed); device files " in message
    assert "Without a Gaudi let `auto` choose." in message
    assert "Traceback" not in message


def test_a_state_directory_without_images_says_how_to_make_them(tmp_path: Path) -> None:
    done = run_main("--state_dir", str(tmp_path))

    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        f"error: {tmp_path} holds no preprocessed images with their folds.",
        "  Make them with `npx pipeline run configs/demo.yaml --until preprocess`, or name a folder with lists of it.",
    ]


def test_ctrl_c_saves_without_a_trace_and_more_ranks_go_on_from_there(artifacts: Artifacts, tmp_path: Path) -> None:
    options = ["--state_dir", str(state_of(artifacts, tmp_path)), "--epochs", "3", "--batch_size", "4", "--cpu"]
    with subprocess.Popen(
        [sys.executable, "main.py", *options],
        env=environment(None),
        cwd=SOURCE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stderr is not None
        next(line for line in running.stderr if line.startswith("epoch 1/3"))
        running.send_signal(signal.SIGINT)
        rest = running.stderr.read()
    assert running.returncode == 130
    assert "stopped after step" in rest
    assert "Traceback" not in rest
    (left,) = (tmp_path / "main").glob("resume-*")

    other = run_main(*options, "--lr", "0.1", "--resume", str(left))
    resumed = run_main(*options, "--resume", str(left), "--out", str(tmp_path / "model"), ranks=2)

    assert other.returncode == 2
    assert f"error: {left} has no checkpoint of this training to go on from." in other.stderr
    assert "it belongs to a training with other settings or data" in other.stderr
    assert resumed.returncode == 0, resumed.stderr
    assert re.search(r"resumed from step \d+ of 1 rank: not bit-equal", resumed.stderr)
    assert re.search(r"^warning: resumed on 2 ranks after 1 rank from step \d+: not bit-equal", resumed.stderr, re.M)
    (change,) = json.loads((tmp_path / "model" / "latest.json").read_text())["other_ranks"]
    assert (change["ranks_before"], change["ranks"]) == (1, 2)


def test_a_folder_of_pngs_with_lists_in_the_origins_format_trains(tmp_path: Path) -> None:
    pillow = pytest.importorskip("PIL.Image", reason="reading PNGs without the pipeline needs Pillow")
    images = tmp_path / "images"
    images.mkdir()
    random = np.random.default_rng(0)
    lines = []
    for number in range(8):
        name = f"{number:08d}_000.png"
        mode = "RGBA" if number == 3 else "L"
        pillow.fromarray(random.integers(0, 255, (64, 64), dtype=np.uint8)).convert(mode).save(images / name)
        lines.append(" ".join([name, *map(str, random.integers(0, 2, len(FINDINGS)))]))
    # The published lists end without a line end.
    (tmp_path / "train.txt").write_text("\n".join(lines))
    options = ["--data_dir", str(images), "--train_image_list", str(tmp_path / "train.txt"), "--size", "32"]

    done = run_main(*options, "--epochs", "1", "--batch_size", "4", "--cpu", "--state_dir", str(tmp_path / "state"))

    assert done.returncode == 0, done.stderr
    assert "the fold val has no image: nothing is validated, and the last epoch counts as best" in done.stderr
    assert len(list((tmp_path / "state" / "main").glob("model-*/best.pt"))) == 1


def test_a_list_with_thirteen_labels_is_refused_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_text("00000001_000.png 0 1 0 0 0 0 0 0 0 0 0 0 0\n")

    done = run_main("--data_dir", str(tmp_path), "--train_image_list", str(tmp_path / "train.txt"))

    assert done.returncode == 2
    assert f"error: {tmp_path / 'train.txt'}:1: a line is a name and 14 times 0 or 1" in done.stderr
