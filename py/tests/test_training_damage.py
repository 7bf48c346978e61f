"""Checkpoints that were damaged: the one before is taken, or training begins anew, said aloud, to the same bits."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from chexnet.runtime.journal import Journal
from tests.results import assert_same_results
from tests.rig import Artifacts, train_arguments
from tests.test_training import as_before
from tests.tiny import train_tiny


@dataclass(frozen=True, slots=True)
class Finished:
    """A training of two steps, each an epoch with a checkpoint and a best model. Never written to."""

    folder: Path
    artifacts: Artifacts

    def arguments(self, folder: Path) -> dict[str, object]:
        optimizer = {"name": "sgd", "lr": 0.01, "momentum": 0.9}
        return train_arguments(self.artifacts, folder, batch_size=24, optimizer=optimizer, best_by="last")


@pytest.fixture(scope="module")
def finished(artifacts: Artifacts, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    done = Finished(tmp_path_factory.mktemp("finished"), artifacts)
    with as_before():
        assert train_tiny(done.arguments(done.folder), Journal(None)) == 0
    return done


def flip(path: Path) -> None:
    with open(path, "r+b") as file:
        file.seek(500_000)
        byte = file.read(1)
        file.seek(500_000)
        file.write(bytes([byte[0] ^ 1]))


def cut(path: Path) -> None:
    with open(path, "r+b") as file:
        file.truncate(path.stat().st_size // 2)


def empty(path: Path) -> None:
    path.write_bytes(b"")


OLDER = "training goes on from the checkpoint before, of step 1"
ANEW = "no checkpoint is left to go on from: training begins anew"


@pytest.mark.parametrize(
    ("damages", "resumed_from", "said"),
    [
        ({"checkpoint-00000002.pt": flip}, 1, ["its content is not what was written", OLDER]),
        ({"checkpoint-00000002.pt": cut}, 1, ["its content is not what was written", OLDER]),
        ({"best-0002.pt": Path.unlink}, 1, ["best-0002.pt, which it needs, is missing or damaged", OLDER]),
        ({"latest.json": empty}, 2, ["latest.json is missing or damaged"]),
        (
            # torch.load would not see it, and the digest is gone.
            {"latest.json": empty, "checkpoint-00000002.pt": flip},
            1,
            ["latest.json is missing or damaged", "its content is not what was written", OLDER],
        ),
        (
            {"checkpoint-00000002.pt": flip, "checkpoint-00000001.pt": cut},
            None,
            ["its content is not what was written", "its content is not what was written", ANEW],
        ),
    ],
    ids=["flipped", "cut", "no best model", "no list", "no list and flipped", "both"],
)
def test_what_is_damaged_is_passed_over_aloud_and_the_end_is_the_same(
    finished: Finished,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    damages: dict[str, Callable[[Path], None]],
    resumed_from: int | None,
    said: list[str],
) -> None:
    shutil.copytree(finished.folder / "resume", tmp_path / "resume")
    for name, damage in damages.items():
        damage(tmp_path / "resume" / name)
    journal = tmp_path / "journal.ndjson"

    with as_before():
        code = train_tiny(finished.arguments(tmp_path), Journal(str(journal)))

    assert code == 0
    events = [json.loads(line) for line in journal.read_text().splitlines()]
    assert events[0]["resumed_from_step"] == resumed_from
    told = [event["text"] for event in events if event["type"] == "warning"]
    assert len(told) == len(said)
    assert all(part in text for part, text in zip(said, told, strict=True))
    log = capsys.readouterr().err
    assert all(f"warning: {text}\n" in log for text in told)
    assert_same_results(tmp_path / "out", finished.folder / "out")
