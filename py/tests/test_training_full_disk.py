"""A disk that is full while a training saves: it goes on for a while, stops with a clear message, and loses nothing."""

import errno
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, cast

import pytest

from chexnet.mistakes import NoRoom
from chexnet.runtime.failure import error_of
from chexnet.runtime.journal import Checkpoint, JobEvent, Journal, Progress, Warned
from chexnet.training.files import sha256_of
from chexnet.training.step_log import open_steps
from tests.results import assert_same_results
from tests.rig import Artifacts, Forge, train_arguments
from tests.small_disk import SmallDisk, small_disk
from tests.test_training import as_before
from tests.tiny import TINY, train_tiny

# A checkpoint takes 1.4 MB, the best model 1.3.
PARAMS: dict[str, object] = {"epochs": 1, "optimizer": {"name": "sgd", "lr": 0.01, "momentum": 0.0}}


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    with as_before():
        yield


def test_a_full_disk_is_borne_until_the_third_checkpoint_in_a_row_and_a_saved_one_counts_anew(
    artifacts: Artifacts, tmp_path: Path
) -> None:
    params = {**PARAMS, "batch_size": 2}
    undisturbed = train_arguments(artifacts, tmp_path / "undisturbed", **params, checkpoint_steps=100)
    assert train_tiny(undisturbed, Journal(str(tmp_path / "undisturbed.ndjson"))) == 0
    arguments = train_arguments(artifacts, tmp_path, **params, checkpoint_steps=1)

    with small_disk(tmp_path / "resume", "5m") as disk:
        (disk.folder / "ballast").write_bytes(bytes(1_900_000))
        journal = Watched(disk)
        with pytest.raises(NoRoom) as caught:
            train_tiny(arguments, cast(Journal, journal))
        saved = [event.step for event in journal.events if isinstance(event, Checkpoint)]
        told = [event.text for event in journal.events if isinstance(event, Warned)]
        files = sorted(path.name for path in disk.folder.iterdir())
        latest = json.loads((disk.folder / "latest.json").read_text())["checkpoints"]
        assert [sha256_of(disk.folder / entry["file"]) for entry in latest] == [entry["sha256"] for entry in latest]
        (disk.folder / "ballast").unlink()
        disk.resize("20m")
        assert train_tiny(arguments, Journal(str(tmp_path / "resumed.ndjson"))) == 0

    # Two before the disk was full, one when there was room again; then the count began anew.
    assert saved == [1, 2, 4]
    assert [text.partition("(")[2][:6] for text in told] == ["1 of 3", "1 of 3", "2 of 3"]
    assert caught.value.user_message.startswith(
        f"The checkpoint of step 7 could not be saved for the third time in a row: No space left on device in "
        f"{disk.folder}, it needs 2 MB and "
    )
    assert caught.value.hint == "Free 2 MB there and run again: training goes on from step 4, its last checkpoint."
    assert error_of(caught.value).type == "ENOSPC"
    assert [entry["step"] for entry in latest] == [4, 2]
    assert files == ["ballast", *sorted(entry["file"] for entry in latest), "latest.json", "steps.ndjson"]
    resumed = [json.loads(line) for line in (tmp_path / "resumed.ndjson").read_text().splitlines()]
    assert resumed[0]["resumed_from_step"] == 4
    assert_same_results(tmp_path / "out", tmp_path / "undisturbed" / "out")


def test_the_last_checkpoint_and_the_results_are_not_lost_silently(artifacts: Artifacts, tmp_path: Path) -> None:
    arguments = train_arguments(artifacts, tmp_path, **PARAMS, batch_size=24, checkpoint_steps=100)

    with small_disk(tmp_path / "resume", "2m") as disk:
        with pytest.raises(NoRoom) as caught:
            train_tiny(arguments, Journal(str(tmp_path / "first.ndjson")))
        assert "The checkpoint of step 1 could not be saved: " in caught.value.user_message
        assert "training goes on from its beginning" in (caught.value.hint or "")
        disk.resize("6m")
        with small_disk(tmp_path / "out", "1m") as out:
            with pytest.raises(OSError, match="No space left on device") as refused:
                train_tiny(arguments, Journal(str(tmp_path / "second.ndjson")))
            assert refused.value.errno == errno.ENOSPC
            assert list(out.folder.iterdir()) == []
        assert '"summary"' not in (tmp_path / "second.ndjson").read_text()
        third = tmp_path / "third.ndjson"
        assert train_tiny(arguments, Journal(str(third))) == 0

    assert [json.loads(line)["type"] for line in third.read_text().splitlines()] == ["device", "summary"]


def test_what_a_killed_training_left_is_gone_before_the_best_model_is_written(
    artifacts: Artifacts, tmp_path: Path
) -> None:
    arguments = train_arguments(artifacts, tmp_path, **PARAMS, batch_size=24, checkpoint_steps=100)

    with small_disk(tmp_path / "resume", "3500k") as disk:
        for name in ("checkpoint-00000001.pt.tmp", "best-0001.pt.tmp", "best-0007.pt"):
            (disk.folder / name).write_bytes(bytes(1_100_000))
        assert train_tiny(arguments, Journal(str(tmp_path / "journal.ndjson"))) == 0
        files = sorted(path.name for path in disk.folder.iterdir())

    assert files == ["best-0001.pt", "checkpoint-00000001.pt", "latest.json", "steps.ndjson"]


def test_a_best_model_whose_checkpoint_was_refused_goes_and_is_written_with_the_next(
    artifacts: Artifacts, tmp_path: Path
) -> None:
    params = {**PARAMS, "epochs": 2, "best_by": "last"}
    arguments = train_arguments(artifacts, tmp_path, **params, batch_size=24, checkpoint_steps=100)

    with small_disk(tmp_path / "resume", "20m") as disk:
        # Room for the best model of the first epoch and not for its checkpoint.
        (disk.folder / "ballast").write_bytes(bytes(18_500_000))
        journal = Refusing(disk)
        assert train_tiny(arguments, cast(Journal, journal)) == 0
        files = sorted(path.name for path in disk.folder.iterdir())

    assert journal.left == ["ballast", "steps.ndjson"]
    assert files == ["best-0002.pt", "checkpoint-00000002.pt", "latest.json", "steps.ndjson"]


def test_all_ranks_stop_alike_with_one_message(artifacts: Artifacts, forge: Forge, tmp_path: Path) -> None:
    arguments = train_arguments(artifacts, tmp_path, **PARAMS, batch_size=24, checkpoint_steps=100, ranks=2)

    with small_disk(tmp_path / "resume", "1m"):
        ended = forge.run(TINY, arguments, tmp_path, ranks=2)

    assert ended.code == 1
    said = [line for line in ended.stderr.splitlines() if line.startswith("error: ")]
    assert len(said) == 1
    assert said[0].startswith("error: The checkpoint of step 1 could not be saved: No space left on device in ")
    assert "Traceback" not in ended.stderr


def test_steps_and_events_that_a_full_disk_refuses_are_written_when_there_is_room(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "64k") as disk:
        steps = open_steps(disk.folder, 0)
        journal = Journal(str(disk.folder / "journal.ndjson"), patient=True)
        journal.append(Progress(0, 100, "steps"))
        steps.add({"step": 1})
        length = steps.sync()
        ballast = disk.fill()
        for step in range(2, 400):
            steps.add({"step": step})
            journal.append(Progress(step, 400, "steps"))
        with pytest.raises(OSError, match="No space left on device"):
            steps.sync()
        assert (disk.folder / "steps.ndjson").stat().st_size == length
        with pytest.raises(OSError, match="No space left on device"):
            journal.close()
        assert (disk.folder / "journal.ndjson").read_bytes().endswith(b"\n")
        ballast.unlink()
        assert steps.sync() > length
        journal.close(sync=True)

        rows = [json.loads(line)["step"] for line in (disk.folder / "steps.ndjson").read_text().splitlines()]
        done = [json.loads(line)["done"] for line in (disk.folder / "journal.ndjson").read_text().splitlines()]
        steps.file.close()

    assert rows == list(range(1, 400))
    assert done == [0, *range(2, 400)]


@dataclass(slots=True)
class Watched:
    """A journal in memory. At the first warning the ballast goes; once a checkpoint is saved, it is there again."""

    disk: SmallDisk
    events: list[JobEvent | Mapping[str, object]] = field(default_factory=list)
    path: ClassVar[None] = None
    _room: bool = False

    def append(self, event: JobEvent | Mapping[str, object]) -> None:
        self.events.append(event)
        if isinstance(event, Warned) and not self._room:
            (self.disk.folder / "ballast").unlink()
            self._room = True
        elif isinstance(event, Checkpoint) and self._room and not (self.disk.folder / "ballast").exists():
            self.disk.fill()

    def close(self, *, sync: bool = False) -> None:
        del sync


@dataclass(slots=True)
class Refusing:
    """A journal that keeps what lies on the disk at the first warning, and then gives room."""

    disk: SmallDisk
    left: list[str] = field(default_factory=list)
    path: ClassVar[None] = None

    def append(self, event: JobEvent | Mapping[str, object]) -> None:
        if isinstance(event, Warned) and not self.left:
            self.left = sorted(path.name for path in self.disk.folder.iterdir())
            (self.disk.folder / "ballast").unlink()

    def close(self, *, sync: bool = False) -> None:
        del sync
