"""A training that starts from weights says so, goes on without their file, and its own files can be started from."""

import json
import shutil
from pathlib import Path

import pytest
import torch

from chexnet.findings import FINDINGS
from chexnet.mistakes import UserError
from chexnet.training.densenet import DenseNet
from chexnet.training.files import sha256_of
from chexnet.training.job import parse_train_job
from chexnet.training.seen_before import seen_before
from chexnet.training.tensors_file import read_tensors
from chexnet.training.weights import load_weights
from tests.rig import Artifacts, run_job, train_arguments
from tests.under_way import kill, start_job

TRAIN = "chexnet.training.train"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights in the layout of the published CheXNet checkpoints."""
    path = tmp_path_factory.mktemp("published") / "chexnet.pth.tar"
    torch.manual_seed(5)
    state = DenseNet(outputs=14).state_dict()
    names = {name: name.replace("classifier.", "classifier.0.") for name in state}
    torch.save({"state_dict": {f"module.densenet121.{names[name]}": state[name] for name in state}}, path)
    return path


def test_a_killed_training_goes_on_without_the_file_it_started_from_and_its_files_tell_of_it(
    artifacts: Artifacts, published: Path, tmp_path: Path
) -> None:
    moved = tmp_path / "moved" / published.name
    moved.parent.mkdir()
    shutil.copyfile(published, moved)
    sha256 = sha256_of(moved)
    arguments = train_arguments(artifacts, tmp_path, weights=str(moved), epochs=1)
    running = start_job(TRAIN, arguments, tmp_path)
    told = str(running.until(type="log")["line"])
    running.until(type="checkpoint", step=2)
    kill(running)
    moved.unlink()
    log = (tmp_path / "stderr.log").read_text()

    ended = run_job(TRAIN, arguments, tmp_path)

    assert ended.code == 0, ended.stderr
    assert "weights from chexnet.pth.tar, a checkpoint in the layout of the published CheXNet ones: 727 tensors" in log
    assert told.startswith("weights from chexnet.pth.tar")
    assert "whether chexnet.pth.tar was trained on images of val or test is not checked" in log
    assert "weights from" not in ended.stderr
    facts = {"file": "chexnet.pth.tar", "sha256": sha256, "layout": "chexnet", "tensors": 727, "head": "kept"}
    assert json.loads((tmp_path / "out" / "latest.json").read_text())["started_from"] == facts
    for name in ("best.pt", "last.pt"):
        assert read_tensors(tmp_path / "out" / name)["started_from"] == facts
    summary = ended.of_type("summary")[-1]["facts"]
    assert isinstance(summary, dict)
    assert (summary["weights"], summary["weights_sha256"]) == ("chexnet.pth.tar", sha256)
    assert summary["weights_trained_on"] == "not checked"
    starts_from_our_own_files(tmp_path)


def starts_from_our_own_files(folder: Path) -> None:
    """The model and the checkpoint of one epoch without a moving average are the same network."""
    [checkpoint] = [path for path in (folder / "resume").glob("checkpoint-*.pt") if "00000004" in path.name]
    states = []
    for path, layout in ((folder / "out" / "last.pt", "model"), (checkpoint, "checkpoint")):
        model = DenseNet(outputs=14)
        loaded = load_weights(model, path, FINDINGS)
        assert (loaded.layout, loaded.tensors, loaded.head) == (layout, 727, "kept")
        states.append(model.state_dict())
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_weights_that_do_not_fit_end_the_training_as_a_mistake(artifacts: Artifacts, tmp_path: Path) -> None:
    torch.save({"state_dict": {"conv1.weight": torch.zeros(3)}}, tmp_path / "resnet.pt")

    ended = run_job(TRAIN, train_arguments(artifacts, tmp_path, weights=str(tmp_path / "resnet.pt")), tmp_path)

    assert ended.code == 2
    assert "resnet.pt does not fit DenseNet-121: 604 missing (features.conv0.weight, " in ended.stderr
    assert "Traceback" not in ended.stderr


def test_fetched_weights_are_the_ones_to_start_from_and_two_sources_are_a_mistake(
    artifacts: Artifacts, tmp_path: Path
) -> None:
    arguments = train_arguments(artifacts, tmp_path)
    assert parse_train_job({**arguments, "weights": "/a/weights.pth"}).params.weights == "/a/weights.pth"
    assert parse_train_job({**arguments, "weights": None}).params.weights is None

    twice = {**train_arguments(artifacts, tmp_path, weights="/b/model.pt"), "weights": "/a/weights.pth"}
    with pytest.raises(UserError, match=r"Weights are named twice: /b/model\.pt by the parameter weights"):
        parse_train_job(twice)


@pytest.mark.parametrize(
    ("status", "head", "layout", "warns"),
    [
        ("not-checked", "kept", "chexnet", "(trained_on: a file, or chexnet for the published one)"),
        ("not-checked", "reordered", "state_dict", "(trained_on: a file)"),
        ("not-checked", "new", "state_dict", None),
        ("passed", "kept", "chexnet", None),
        ("accepted", "kept", "chexnet", None),
        (None, "kept", "model", "(trained_on: a file)"),
    ],
)
def test_weights_that_know_the_findings_need_a_training_list(
    status: str | None, head: str, layout: str, warns: str | None, tmp_path: Path
) -> None:
    if status is not None:
        checks = [{"name": "patient-overlap", "status": "passed"}, {"name": "trained-on", "status": status}]
        (tmp_path / "audit.json").write_text(json.dumps({"checks": checks}))

    warning = seen_before({"file": "x.pth", "head": head, "layout": layout}, tmp_path)

    assert (warning is None) == (warns is None)
    assert warns is None or str(warning).endswith(warns)


def test_random_weights_have_seen_nothing(tmp_path: Path) -> None:
    assert seen_before(None, tmp_path) is None
