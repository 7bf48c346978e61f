"""Which rank is to blame when a job fails, told from the files that torchrun and the ranks leave."""

import json
import os
from pathlib import Path

import pytest

from chexnet.mistakes import UserError
from chexnet.runtime.failure import error_of, read_error_file, write_error_file
from chexnet.runtime.journal import LOST_PEER, NO_ANSWER, Exited, JobError, RankExit, RankFault
from chexnet.runtime.rank_files import begin_rank, end_rank
from chexnet.runtime.verdict import exited, unseen

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
    path.parent.mkdir(parents=True, exist_ok=True)
    extra = {"py_callstack": "Traceback", "timestamp": str(at)} | ({} if hint is None else {"hint": hint})
    path.write_text(json.dumps({"message": {"message": message, "extraInfo": extra}}))


def write_summary(folder: Path, root: str, *others: str) -> None:
    listed = "\n".join(others) or "  <NO_OTHER_FAILURES>"
    (folder / "launcher.log").write_text(SUMMARY.format(root=root, others=listed))


def write_rank(folder: Path, rank: int, *, pid: int, code: int | None) -> None:
    path = folder / "ranks" / "none_x1" / "attempt_0" / str(rank) / "rank.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"pid": pid, "code": code}))


def ending_of(return_code: int, folder: Path, *, ranks: int = 2, cancelled: bool = False) -> Exited:
    return exited(return_code, folder, ranks=ranks, torchrun=True, cancelled=cancelled)


def lost(rank: int) -> RankExit:
    return RankExit(rank, 1, None, RankFault(LOST_PEER, f"RuntimeError: {CLOSED}"))


def unseen_rank(rank: int) -> RankExit:
    return RankExit(rank, None, None, None)


CLOSED = "[/pytorch/third_party/gloo/gloo/transport/tcp/pair.cc:538] Connection closed by peer [127.0.0.1]:1234"


def test_a_killed_rank_is_to_blame_not_those_who_lost_it(tmp_path: Path) -> None:
    write_summary(tmp_path, entry(0, 1), entry(1, -9))
    write_error(tmp_path, 0, f"RuntimeError: {CLOSED}")
    exits = [lost(0), RankExit(1, None, "SIGKILL", None)]
    assert ending_of(1, tmp_path) == Exited(None, "SIGKILL", 1, None, exits)


def test_what_torchrun_did_not_print_is_told_by_the_ranks_themselves(tmp_path: Path) -> None:
    write_summary(tmp_path, entry(1, -9))
    with open(tmp_path / "launcher.log", "a") as log:
        log.write("W1125 03:00:00 Sending process 102 closing signal SIGTERM\n")
        log.write("W1125 03:00:00 Sending process 103 closing signal SIGTERM\n")
    write_error(tmp_path, 0, f"RuntimeError: {CLOSED}")
    write_rank(tmp_path, 0, pid=100, code=1)
    write_rank(tmp_path, 2, pid=102, code=143)
    write_rank(tmp_path, 3, pid=103, code=None)
    ending = ending_of(1, tmp_path, ranks=5)
    assert (ending.rank, ending.signal) == (1, "SIGKILL")
    assert ending.rank_exits == [
        lost(0),
        RankExit(1, None, "SIGKILL", None),
        RankExit(2, 143, None, None),
        RankExit(3, None, "SIGTERM", None),
        unseen_rank(4),
    ]


def test_a_rank_that_hangs_is_to_blame_for_those_who_waited_for_it(tmp_path: Path) -> None:
    write_error(
        tmp_path, 0, "RuntimeError: [unbound_buffer.cc:78] Timed out waiting 3000ms for recv operation to complete"
    )
    write_summary(tmp_path, entry(0, 1))
    with open(tmp_path / "launcher.log", "a") as log:
        log.write("Sending process 101 closing signal SIGTERM\n")
        log.write("Unable to shutdown process 101 via Signals.SIGTERM, forcefully exiting via Signals.SIGKILL\n")
    write_rank(tmp_path, 1, pid=101, code=None)
    ending = ending_of(1, tmp_path)
    assert (ending.rank, ending.signal) == (1, "SIGKILL")
    assert ending.error is not None
    assert ending.error.type == NO_ANSWER


def test_when_every_rank_only_lost_another_one_it_is_said_as_that(tmp_path: Path) -> None:
    write_error(tmp_path, 0, f"RuntimeError: {CLOSED}", at=101)
    write_error(tmp_path, 1, f"RuntimeError: {CLOSED}", at=100)
    write_summary(tmp_path, entry(0, 1), entry(1, 1))
    ending = ending_of(1, tmp_path)
    assert (ending.code, ending.rank) == (1, 1)
    assert ending.error == JobError(LOST_PEER, f"RuntimeError: {CLOSED}", "Traceback", None)


def test_an_exception_goes_before_the_lost_connection_of_another_rank(tmp_path: Path) -> None:
    write_error(tmp_path, 0, "DistBackendError: NCCL communicator was aborted", at=100)
    write_error(tmp_path, 1, "ValueError: bad: value", at=101)
    write_summary(tmp_path, entry(0, 1))
    ending = ending_of(1, tmp_path)
    assert (ending.code, ending.rank) == (1, 1)
    assert ending.error == JobError("ValueError", "bad: value", "Traceback", None)
    assert ending.rank_exits[1] == RankExit(1, None, None, RankFault("ValueError", "bad: value"))


def test_an_exception_that_names_a_backend_is_to_blame_all_the_same(tmp_path: Path) -> None:
    write_error(tmp_path, 0, "ValueError: hccl takes no AVG", at=101)
    write_error(tmp_path, 1, f"RuntimeError: {CLOSED}", at=100)
    write_summary(tmp_path, entry(0, 1), entry(1, 1))
    ending = ending_of(1, tmp_path)
    assert ending.rank == 0
    assert ending.error == JobError("ValueError", "hccl takes no AVG", "Traceback", None)


def test_a_mistake_with_a_hint_goes_first(tmp_path: Path) -> None:
    write_error(tmp_path, 0, "ValueError: later", at=100)
    write_error(tmp_path, 1, "UserError: no such weights", hint="name a file", at=101)
    assert ending_of(1, tmp_path).error == JobError("UserError", "no such weights", "Traceback", "name a file")


def test_a_killed_torchrun_blames_no_rank(tmp_path: Path) -> None:
    write_error(tmp_path, 0, f"RuntimeError: {CLOSED}")
    write_rank(tmp_path, 0, pid=100, code=1)
    assert ending_of(-9, tmp_path) == Exited(None, "SIGKILL", None, None, [lost(0), unseen_rank(1)])


def test_a_cancelled_job_was_stopped_whatever_its_status(tmp_path: Path) -> None:
    write_rank(tmp_path, 0, pid=100, code=143)
    exits = [RankExit(0, 143, None, None), unseen_rank(1)]
    assert ending_of(1, tmp_path, cancelled=True) == Exited(None, "SIGTERM", None, None, exits)
    alone = exited(0, tmp_path, ranks=1, torchrun=False, cancelled=True)
    assert alone == Exited(None, "SIGTERM", None, None, [RankExit(0, 0, None, None)])


def test_when_torchrun_ended_well_every_rank_did(tmp_path: Path) -> None:
    exits = [RankExit(rank, 0, None, None) for rank in range(3)]
    assert ending_of(0, tmp_path, ranks=3) == Exited(0, None, None, None, exits)


def test_without_any_file_there_is_only_the_status(tmp_path: Path) -> None:
    assert ending_of(1, tmp_path) == Exited(1, None, None, None, [unseen_rank(0), unseen_rank(1)])
    alone = exited(3, tmp_path, ranks=1, torchrun=False, cancelled=False)
    assert alone == Exited(3, None, 0, None, [RankExit(0, 3, None, None)])


def test_of_an_attempt_whose_agent_was_killed_there_is_what_it_left(tmp_path: Path) -> None:
    write_rank(tmp_path, 0, pid=100, code=None)
    write_rank(tmp_path, 1, pid=101, code=1)
    write_error(tmp_path, 1, f"RuntimeError: {CLOSED}")
    left = unseen(tmp_path, ranks=3, torchrun=True, swept=[100])
    exits = [RankExit(0, None, "SIGKILL", None), lost(1), unseen_rank(2)]
    assert left == Exited(None, None, None, None, exits)


def test_a_rank_keeps_its_pid_and_then_its_status(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "ranks" / "none_x1" / "attempt_0" / "0"
    folder.mkdir(parents=True)
    monkeypatch.setenv("TORCHELASTIC_ERROR_FILE", str(folder / "error.json"))
    begin_rank()
    assert unseen(tmp_path, ranks=1, torchrun=True, swept=[os.getpid()]).rank_exits[0].signal == "SIGKILL"
    end_rank(2)
    assert unseen(tmp_path, ranks=1, torchrun=True).rank_exits == [RankExit(0, 2, None, None)]


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
