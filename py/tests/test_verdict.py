"""Which rank is to blame when a job fails, told from the files that torchrun and the ranks leave."""

import json
from pathlib import Path

import pytest

from chexnet.mistakes import UserError
from chexnet.runtime.failure import error_of, read_error_file, write_error_file
from chexnet.runtime.journal import Exited, JobError
from chexnet.runtime.verdict import exited

SUMMARY = """============================================================
job FAILED
------------------------------------------------------------
Failures:
{others}
------------------------------------------------------------
Root Cause (first observed failure):
{root}
============================================================
"""


def entry(rank: int, code: int) -> str:
    return (
        f"[{rank}]:\n  time      : 2026-01-01_00:00:00\n  host      : localhost\n"
        f"  rank      : {rank} (local_rank: {rank})\n  exitcode  : {code} (pid: 4711)\n  error_file: <N/A>\n"
        "  traceback : Signal 9 (SIGKILL) received by PID 4711"
    )


def write_error(folder: Path, rank: int, message: str, *, hint: str | None = None, at: int = 100) -> None:
    path = folder / "ranks" / "none_x1" / "attempt_0" / str(rank) / "error.json"
    path.parent.mkdir(parents=True)
    extra = {"py_callstack": "Traceback", "timestamp": str(at)} | ({} if hint is None else {"hint": hint})
    path.write_text(json.dumps({"message": {"message": message, "extraInfo": extra}}))


def write_summary(folder: Path, root: str, *others: str) -> None:
    listed = "\n".join(others) or "  <NO_OTHER_FAILURES>"
    (folder / "launcher.log").write_text(SUMMARY.format(root=root, others=listed))


def test_a_killed_rank_is_to_blame_not_those_who_lost_it(tmp_path: Path) -> None:
    write_summary(tmp_path, entry(0, 1), entry(1, -9))
    write_error(tmp_path, 0, "RuntimeError: [gloo] Connection closed by peer")
    assert exited(1, tmp_path, cancelled=False, torchrun=True) == Exited(None, "SIGKILL", 1, None)


def test_an_exception_goes_before_the_lost_connection_of_another_rank(tmp_path: Path) -> None:
    write_error(tmp_path, 0, "DistBackendError: NCCL communicator was aborted", at=100)
    write_error(tmp_path, 1, "ValueError: bad: value", at=101)
    write_summary(tmp_path, entry(0, 1))
    ending = exited(1, tmp_path, cancelled=False, torchrun=True)
    assert ending == Exited(1, None, 1, JobError("ValueError", "bad: value", "Traceback", None))


def test_a_mistake_with_a_hint_goes_first(tmp_path: Path) -> None:
    write_error(tmp_path, 0, "ValueError: later", at=100)
    write_error(tmp_path, 1, "UserError: no such weights", hint="name a file", at=101)
    ending = exited(1, tmp_path, cancelled=False, torchrun=True)
    assert ending.error == JobError("UserError", "no such weights", "Traceback", "name a file")


def test_a_killed_torchrun_blames_no_rank(tmp_path: Path) -> None:
    write_error(tmp_path, 0, "RuntimeError: [gloo] Connection closed by peer")
    assert exited(-9, tmp_path, cancelled=False, torchrun=True) == Exited(None, "SIGKILL", None, None)


def test_a_cancelled_job_was_stopped_whatever_its_status(tmp_path: Path) -> None:
    assert exited(1, tmp_path, cancelled=True, torchrun=True) == Exited(None, "SIGTERM", None, None)
    assert exited(0, tmp_path, cancelled=True, torchrun=False) == Exited(None, "SIGTERM", None, None)


def test_without_any_file_there_is_only_the_status(tmp_path: Path) -> None:
    assert exited(1, tmp_path, cancelled=False, torchrun=True) == Exited(1, None, None, None)
    assert exited(3, tmp_path, cancelled=False, torchrun=False) == Exited(3, None, 0, None)


def test_an_error_file_of_a_simple_text_is_understood(tmp_path: Path) -> None:
    path = tmp_path / "error.json"
    path.write_text(json.dumps({"message": "it broke"}))
    found = read_error_file(path, 2)
    assert found is not None
    assert (found.rank, found.error.type, found.error.message) == (2, "Error", "it broke")


@pytest.mark.parametrize("text", ["", "{}", '{"message":{}}', '{"message":{"message":"x","extraInfo":{}}}', "[]"])
def test_a_file_that_is_no_error_file_is_ignored(tmp_path: Path, text: str) -> None:
    path = tmp_path / "error.json"
    path.write_text(text)
    assert read_error_file(path, 0) is None


def test_a_mistake_comes_back_from_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mistake = UserError("crop 512 is larger than the images (256)", "take a crop of at most 256")
    monkeypatch.setenv("TORCHELASTIC_ERROR_FILE", str(tmp_path / "error.json"))
    write_error_file(error_of(mistake))
    found = read_error_file(tmp_path / "error.json", 0)
    assert found is not None
    assert (found.error.type, found.error.hint) == ("UserError", "take a crop of at most 256")
    assert found.error.message == "crop 512 is larger than the images (256)"
    assert "Traceback" not in found.error.traceback


def test_a_full_disk_is_named_and_has_a_hint() -> None:
    error = error_of(OSError(28, "No space left on device", "/out/best.pt"))
    assert (error.type, error.message) == ("ENOSPC", "No space left on device: /out/best.pt")
    assert error.hint is not None
