"""The whole runtime on an emulated hpu device that fails wherever a Gaudi's rules are broken: emulated, not measured.

Every rule has a mutant: a change of the project's own code with which a short training must fail.
"""

import csv
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.hpu.bench import Bench, changed_copy
from tests.hpu.build import Unbuildable, build
from tests.hpu.mutants import MUTANTS, Mutant
from tests.rig import SOURCE, Artifacts, Ended, environment, make_artifacts, predict_arguments, train_arguments

TRAIN, PREDICT = "chexnet.training.train", "chexnet.training.predict"
MODES = [pytest.param(False, id="eager"), pytest.param(True, id="lazy")]
WORKSHOPS = 2
# The code as it is, in the same workshop.
CONTROLS = (
    Mutant(rule="as it is: one rank, eager", old="", new="", complaint=""),
    Mutant(rule="as it is: one rank, lazy", old="", new="", complaint="", lazy=True),
    Mutant(
        rule="as it is: two ranks, statistics of both",
        old="",
        new="",
        complaint="",
        ranks=2,
        sync_batch_norm=True,
    ),
    Mutant(rule="as it is: one rank, images read batch by batch", old="", new="", complaint="", resident="never"),
    Mutant(rule="as it is: one rank, processor", old="", new="", complaint="", device="cpu"),
    Mutant(rule="as it is: two ranks, not interrupted", old="", new="", complaint="", ranks=2),
    Mutant(rule="as it is: from a checkpoint", old="", new="", complaint="", lazy=True, ranks=2, start="killed"),
)
# On a machine that others use too.
TIMEOUT_SECONDS = 900


@pytest.fixture(scope="module")
def library() -> Path:
    """The emulated device, built on first use."""
    built = build()
    if isinstance(built, Unbuildable):
        pytest.skip(f"no emulated hpu device: {built.because}")
    if built.seconds is not None:
        print(f"the emulated hpu device was built in {built.seconds:.0f} s")
    return built.library


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Artifacts:
    """20 images: 12 train, 4 val, 4 test."""
    return make_artifacts(tmp_path_factory.mktemp("few"), count=20)


@dataclass(frozen=True, slots=True)
class Interrupted:
    """A training of two ranks that was killed after `step`, the same gone on, and what its model predicts."""

    step: int
    left: Path
    resumed: Ended
    predicted: Ended
    out: Path
    rows: list[list[str]]


@pytest.fixture(scope="module")
def interrupted(
    library: Path, few: Artifacts, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[bool], Interrupted]:
    """By mode, carried out once."""
    known: dict[bool, Interrupted] = {}

    def of(lazy: bool) -> Interrupted:
        if lazy not in known:
            known[lazy] = interrupt(Bench(library, tmp_path_factory.mktemp("cards"), lazy), few, tmp_path_factory)
        return known[lazy]

    return of


@dataclass(frozen=True, slots=True)
class Worked:
    """A job that the workshop has done."""

    codes: list[int]
    stderr: str
    out: Path


@pytest.fixture(scope="module")
def worked(
    library: Path,
    few: Artifacts,
    interrupted: Callable[[bool], Interrupted],
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Worked]:
    """All short jobs by name: every mutant's, and those of the code as it is."""
    home = tmp_path_factory.mktemp("workshop")
    cases = []
    for number, mutant in enumerate((*CONTROLS, *MUTANTS)):
        folder = home / f"{number:02d}"
        folder.mkdir()
        source = changed_copy(folder / "source", mutant.old, mutant.new) if mutant.old else SOURCE
        bench = Bench(library, folder, mutant.lazy, source)
        own: dict[str, object] = {"resident": mutant.resident, "sync_batch_norm": mutant.sync_batch_norm}
        arguments = training(few, folder, ranks=mutant.ranks, device=mutant.device, **own)
        if mutant.start == "killed":
            shutil.copytree(interrupted(mutant.lazy).left, folder / "resume")
        cases.append(
            {
                "name": mutant.rule,
                "source": str(source),
                "module": TRAIN,
                "arguments": arguments,
                "ranks": mutant.ranks,
                "environment": bench.environment(None),
                "folder": str(folder),
            }
        )
    work(home, cases)
    return {str(case["name"]): result_of(Path(str(case["folder"]))) for case in cases}


@pytest.mark.parametrize("lazy", MODES)
def test_two_ranks_train_validate_and_checkpoint(interrupted: Callable[[bool], Interrupted], lazy: bool) -> None:
    done = interrupted(lazy)
    (device,) = done.resumed.of_type("device")
    epochs: list[dict[str, Any]] = done.resumed.of_type("epoch")

    assert done.resumed.code == 0, done.resumed.stderr
    assert device["description"] == f"emulated hpu (tests only), {'lazy' if lazy else 'eager'} mode"
    assert "hpu-" not in done.resumed.stderr
    assert epochs[-1]["metrics"]["val_loss"] > 0
    assert json.loads((done.out / "latest.json").read_text())["steps"] == 4


@pytest.mark.parametrize("lazy", MODES)
def test_a_training_that_was_killed_goes_on_to_the_same_bits(
    interrupted: Callable[[bool], Interrupted], worked: dict[str, Worked], lazy: bool
) -> None:
    done = interrupted(lazy)

    assert done.step > 0
    assert done.resumed.of_type("device")[0]["resumed_from_step"] == done.step
    expected = tensors_of(worked["as it is: two ranks, not interrupted"].out / "last.pt")
    found = tensors_of(done.out / "last.pt")
    assert expected.keys() == found.keys()
    assert [name for name, tensor in expected.items() if not torch.equal(tensor, found[name])] == []


@pytest.mark.parametrize("lazy", MODES)
def test_two_ranks_predict_every_image_once(interrupted: Callable[[bool], Interrupted], lazy: bool) -> None:
    done = interrupted(lazy)

    assert done.predicted.code == 0, done.predicted.stderr
    assert "hpu-" not in done.predicted.stderr
    assert [row[0] for row in done.rows] == [f"{number:08d}_000.png" for number in range(12, 20)]


def test_both_modes_and_the_processor_compute_the_same(
    interrupted: Callable[[bool], Interrupted], worked: dict[str, Worked]
) -> None:
    assert interrupted(False).rows == interrupted(True).rows
    # Of the first update; later ones of AdamW make much of the last bits, and the memory layouts differ.
    ours, expected = (losses_of(worked[f"as it is: one rank, {name}"].out)[:2] for name in ("eager", "processor"))
    assert ours == pytest.approx(expected, rel=1e-4)


def test_no_report_calls_the_emulation_a_gaudi(interrupted: Callable[[bool], Interrupted]) -> None:
    done = interrupted(False)

    assert "gaudi" not in (json.dumps(done.resumed.events) + done.resumed.stderr).lower()


def test_images_that_stay_on_the_device_change_no_bit(worked: dict[str, Worked]) -> None:
    held, read = (worked[f"as it is: one rank, {name}"] for name in ("eager", "images read batch by batch"))

    assert "of training images stay on the device, and the" in held.stderr
    assert "stay on the device" not in read.stderr
    assert (held.out / "last.pt").read_bytes() == (read.out / "last.pt").read_bytes()


def test_with_statistics_of_both_two_ranks_compute_what_one_does(worked: dict[str, Worked]) -> None:
    alone, shared, apart = (
        losses_of(worked[f"as it is: {name}"].out)[:2]
        for name in ("one rank, eager", "two ranks, statistics of both", "two ranks, not interrupted")
    )

    assert shared == pytest.approx(alone, rel=1e-4)
    assert apart != pytest.approx(alone, rel=1e-3)


@pytest.mark.parametrize("rule", [control.rule for control in CONTROLS])
def test_the_code_as_it_is_passes(worked: dict[str, Worked], rule: str) -> None:
    assert set(worked[rule].codes) == {0}, worked[rule].stderr
    assert "hpu-" not in worked[rule].stderr


@pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant.rule for mutant in MUTANTS])
def test_a_mutant_that_breaks_the_rule_is_found(worked: dict[str, Worked], mutant: Mutant) -> None:
    done = worked[mutant.rule]

    assert mutant.complaint in done.stderr
    assert mutant.complaint.startswith("hpu-warning") or any(code != 0 for code in done.codes)


def training(artifacts: Artifacts, folder: Path, **params: object) -> dict[str, object]:
    """Four steps in two epochs, with a checkpoint after each."""
    return train_arguments(artifacts, folder, **{"device": "hpu", "checkpoint_steps": 1, **params})


def interrupt(bench: Bench, artifacts: Artifacts, factory: pytest.TempPathFactory) -> Interrupted:
    folder = factory.mktemp("interrupted")
    arguments = training(artifacts, folder, ranks=2)
    step = bench.kill_after_checkpoint(TRAIN, arguments, folder, ranks=2)
    left = folder / "left"
    shutil.copytree(folder / "resume", left)
    resumed = bench.run(TRAIN, arguments, folder, ranks=2)
    scored = factory.mktemp("scored")
    predicted = bench.run(
        PREDICT, predict_arguments(artifacts, folder / "out", scored, device="hpu", ranks=2), scored, ranks=2
    )
    table = scored / "out" / "predictions.csv"
    rows = list(csv.reader(table.read_text(encoding="utf-8").splitlines()))[1:] if table.exists() else []
    return Interrupted(step, left, resumed, predicted, folder / "out", rows)


def work(home: Path, cases: Sequence[dict[str, object]]) -> None:
    """Share the jobs out to the workshops and wait."""
    running = []
    for number in range(WORKSHOPS):
        share = home / f"cases-{number}.json"
        share.write_text(json.dumps(cases[number::WORKSHOPS]))
        command = [sys.executable, "-m", "tests.hpu.workshop", str(share)]
        running.append(subprocess.Popen(command, env=environment(None), cwd=SOURCE))
    assert [process.wait(timeout=TIMEOUT_SECONDS) for process in running] == [0] * WORKSHOPS


def result_of(folder: Path) -> Worked:
    stderr = "".join(path.read_text() for path in sorted(folder.glob("stderr-*")))
    return Worked(codes=json.loads((folder / "codes.json").read_text()), stderr=stderr, out=folder / "out")


def tensors_of(path: Path) -> dict[str, torch.Tensor]:
    tensors: dict[str, torch.Tensor] = torch.load(path, weights_only=True)["model"]
    return tensors


def losses_of(out: Path) -> list[float]:
    return [json.loads(line)["loss"] for line in (out / "steps.ndjson").read_text().splitlines()]
