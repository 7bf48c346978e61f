"""What an agent finds in the folder of a job whose agent was killed, and makes of it."""

import json
import os
import subprocess
import sys
from pathlib import Path

from chexnet.runtime.job import clear, journal_of, settle
from chexnet.runtime.journal import Exited, Journal, RankExit, Started, Warned

STARTED = Started(pid=1, ranks=2, attempt=1, argv=[])
UNSEEN = [RankExit(rank, None, None, None) for rank in range(2)]


def write(folder: Path, *events: Started | Exited | Warned) -> None:
    (folder / "attempts" / "1").mkdir(parents=True)
    (folder / "process.json").write_text(json.dumps({"attempt": 1, "ranks": 2, "torchrun": True}))
    journal = Journal(str(journal_of(folder)))
    for event in events:
        journal.append(event)
    journal.close()


def types_of(folder: Path) -> list[str]:
    return [json.loads(line)["type"] for line in journal_of(folder).read_text().splitlines()]


def test_an_attempt_that_nobody_saw_end_gets_its_end(tmp_path: Path) -> None:
    write(tmp_path, STARTED)
    settle(tmp_path, [])
    assert types_of(tmp_path) == ["started", "exited"]
    last = json.loads(journal_of(tmp_path).read_text().splitlines()[-1])
    assert (last["code"], last["signal"], last["rank"]) == (None, None, None)
    assert [exit["rank"] for exit in last["rank_exits"]] == [0, 1]


def test_once_is_enough_also_when_the_next_agent_is_killed_too(tmp_path: Path) -> None:
    write(tmp_path, STARTED)
    settle(tmp_path, [4711, 4712])
    settle(tmp_path, [4713])
    settle(tmp_path, [])
    assert types_of(tmp_path) == ["started", "warning", "exited", "warning"]
    texts = [json.loads(line).get("text") for line in journal_of(tmp_path).read_text().splitlines()]
    assert texts[1] == "ended 2 processes that an attempt before had left: 4711, 4712"
    assert texts[3] == "ended a process that an attempt before had left: 4713"


def test_an_attempt_that_warned_last_is_open_all_the_same(tmp_path: Path) -> None:
    write(tmp_path, STARTED, Warned("the disk is full"))
    settle(tmp_path, [])
    assert types_of(tmp_path) == ["started", "warning", "exited"]


def test_an_attempt_that_has_its_end_and_a_folder_without_one_are_left_alone(tmp_path: Path) -> None:
    settle(tmp_path, [])
    assert not journal_of(tmp_path).exists()
    write(tmp_path, STARTED, Exited(0, None, None, None, UNSEEN))
    settle(tmp_path, [])
    assert types_of(tmp_path) == ["started", "exited"]


def test_what_carries_the_journal_in_its_environment_is_ended_whoever_its_parent_is(tmp_path: Path) -> None:
    environment = {**os.environ, "CHEXNET_JOURNAL": str(journal_of(tmp_path))}
    sleeps = [sys.executable, "-c", "import time; print(flush=True); time.sleep(600)"]
    other = {**os.environ, "CHEXNET_JOURNAL": f"{journal_of(tmp_path)}.other"}
    with (
        subprocess.Popen(sleeps, env=environment, stdout=subprocess.PIPE, start_new_session=True) as orphan,
        subprocess.Popen(sleeps, env=other, stdout=subprocess.PIPE) as stranger,
    ):
        for process in (orphan, stranger):
            assert process.stdout is not None
            process.stdout.readline()
        assert clear(tmp_path) == [orphan.pid]
        assert stranger.poll() is None
        stranger.kill()
