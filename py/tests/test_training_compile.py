"""torch.compile with the parts of it that need no C++ compiler: the tracing, and the graphs of autograd.

Real compilers are left to the devices: what inductor makes of the network takes minutes on a processor.
"""

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest
import torch

from chexnet.accelerators.require import require_compiler
from chexnet.findings import FINDINGS
from chexnet.mistakes import UserError
from chexnet.runtime.journal import Journal
from chexnet.training.densenet import DenseNet
from chexnet.training.job import parse_predict_job, parse_train_job
from chexnet.training.predictor import run_prediction
from chexnet.training.weight_layouts import MODEL_SCHEMA
from tests.imagined import choosing, imagined, train_on
from tests.rig import Artifacts, Forge, predict_arguments, train_arguments
from tests.test_training import as_before

# Of the 24 training images 16, in two steps an epoch, each of two passes.
RECIPE: dict[str, object] = {
    "epochs": 2,
    "images": 16,
    "accumulate": 2,
    "batch_size": 8,
    "ema": 0.9,
    "checkpoint_steps": 1,
}


@pytest.fixture(autouse=True)
def compiled_anew() -> Iterator[None]:
    """What an earlier test has compiled counts towards torch's limit."""
    torch.compiler.reset()
    with as_before():
        yield


def last_model(folder: Path) -> dict[str, torch.Tensor]:
    model: dict[str, torch.Tensor] = torch.load(folder / "out" / "last.pt", weights_only=True)["model"]
    return model


def test_a_compiled_training_learns_the_same_under_the_same_names(
    artifacts: Artifacts, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("plain", "compiled"):
        params = {**RECIPE, "freeze_epochs": 1, "optimizer": {"name": "sgd", "lr": 0.01}, "compile": name != "plain"}
        job = parse_train_job(train_arguments(artifacts, tmp_path / name, **params))
        assert train_on({"compiler": "aot_eager"}, job, Journal(None)) == 0
    said = capsys.readouterr().err
    (tmp_path / "compiled" / "resume" / "checkpoint-00000004.pt").unlink()
    assert train_on({"compiler": "eager"}, job, Journal(None)) == 0
    resumed = capsys.readouterr().err

    plain, compiled = last_model(tmp_path / "plain"), last_model(tmp_path / "compiled")
    assert list(plain) == list(compiled)
    for name, tensor in plain.items():
        assert torch.allclose(tensor, compiled[name], rtol=1e-4, atol=1e-5), name
    assert said.count("the first step took ") == 1
    assert " s with torch.compile\n" in said
    # One rank needs no discarded pass.
    assert "resumed from step 3" in resumed
    assert "the discarded pass" not in resumed


def test_two_compiled_ranks_that_were_killed_go_on_to_the_same_bits(
    artifacts: Artifacts, forge: Forge, tmp_path: Path
) -> None:
    """With buckets of 1 MiB, the least that torch cuts a graph at: the gradients fill more than one."""

    def arguments(folder: Path) -> dict[str, object]:
        folder.mkdir()
        (folder / "claims.json").write_text(json.dumps({"compiler": "eager", "bucket_mb": 1}))
        return train_arguments(artifacts, folder, **{**RECIPE, "epochs": 1, "ranks": 2, "compile": True})

    whole, broken = tmp_path / "whole", tmp_path / "broken"
    done = forge.run("tests.imagined", arguments(whole), whole, ranks=2)
    assert done.code == 0, done.stderr
    job = arguments(broken)
    running = forge.start("tests.imagined", job, broken, ranks=2)
    running.until(type="checkpoint", step=1)
    running.end(signal.SIGKILL)
    resumed = forge.run("tests.imagined", job, broken, ranks=2)

    assert resumed.code == 0, resumed.stderr
    assert resumed.of_type("device")[0]["resumed_from_step"] in (1, 2)
    assert "the discarded pass before the first step took " in resumed.stderr
    assert (whole / "out" / "last.pt").read_bytes() == (broken / "out" / "last.pt").read_bytes()


def test_a_device_without_a_compiler_is_told_before_anything_runs(artifacts: Artifacts, tmp_path: Path) -> None:
    job = parse_train_job(train_arguments(artifacts, tmp_path, compile=True))

    with pytest.raises(UserError) as caught:
        train_on({}, job, Journal(None))

    assert caught.value.user_message == "an imagined device has no compiler for torch.compile."
    assert caught.value.hint == "Leave compile out, or use another device."
    assert not (tmp_path / "resume").exists()
    assert require_compiler(imagined(compiler="inductor")) == "inductor"


def test_a_compiler_that_fails_is_told_with_the_way_out(artifacts: Artifacts, tmp_path: Path) -> None:
    job = parse_train_job(train_arguments(artifacts, tmp_path, compile=True))

    with pytest.raises(UserError) as caught:
        train_on({"compiler": "nowhere"}, job, Journal(None))

    assert caught.value.user_message.startswith("torch.compile failed with the backend nowhere: ")
    assert caught.value.hint is not None
    assert caught.value.hint.startswith("Leave compile out")


def broken(_graph: object, _inputs: object) -> NoReturn:
    """A compiler that is there and fails."""
    raise RuntimeError("no C++ compiler here")


@pytest.mark.parametrize(
    ("compiler", "said"), [("nowhere", "Invalid backend: 'nowhere'"), (broken, "no C++ compiler here")]
)
def test_a_compiler_that_fails_in_a_prediction_is_told_alike(
    artifacts: Artifacts, tmp_path: Path, compiler: object, said: str
) -> None:
    torch.save(
        {
            "schema": MODEL_SCHEMA,
            "findings": list(FINDINGS),
            "input": {"crop": 32, "normalize": "per-image"},
            "model": DenseNet(len(FINDINGS)).state_dict(),
        },
        tmp_path / "best.pt",
    )
    job = parse_predict_job(predict_arguments(artifacts, tmp_path, tmp_path, compile=True))

    with pytest.raises(UserError) as caught:
        run_prediction(job, Journal(None), choosing=choosing({"compiler": compiler}))

    assert caught.value.user_message.startswith("torch.compile failed with the backend ")
    assert said in caught.value.user_message
