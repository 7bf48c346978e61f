"""An agent that takes one job after another, when the file system or its drivers do what they should not."""

import contextlib
import fcntl
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import zmq

from chexnet.runtime.launcher import carriers
from tests.standing import HELLO, Standing, attach, standing_agent, submit, take_events
from tests.test_agent import PATIENCE_MS, ask

SHUTDOWN = {"v": 1, "type": "shutdown", "id": "d"}
# Writes nothing, so that only the agent needs its journal.
QUIET = """
import pathlib, time
while not pathlib.Path("go").exists():
    time.sleep(.01)
"""


@pytest.fixture(name="agent")
def fixture_agent(tmp_path: Path) -> Iterator[Standing]:
    (tmp_path / "quiet.py").write_text(QUIET, encoding="utf-8")
    with standing_agent(tmp_path) as agent:
        yield agent


@pytest.fixture(name="impatient")
def fixture_impatient(tmp_path: Path) -> Iterator[Standing]:
    (tmp_path / "quiet.py").write_text(QUIET, encoding="utf-8")
    with standing_agent(tmp_path, "--lease-seconds", "0.2") as agent:
        yield agent


def until(client: "zmq.Socket[bytes]", **fields: object) -> dict[str, Any]:
    """What it says of itself once that is so."""
    while True:
        value: dict[str, Any] = ask(client, HELLO)["value"]
        if all(value[name] == wanted for name, wanted in fields.items()):
            return value


def quiet(path: Path) -> dict[str, Any]:
    return {**submit(path.name, path), "module": "quiet"}


def journal_types(path: Path) -> list[str]:
    return [json.loads(line)["type"] for line in (path / "journal.ndjson").read_text().splitlines()]


@contextlib.contextmanager
def journal_out_of_reach(path: Path) -> Iterator[str]:
    """In its place lies what can be neither read nor written. Yields what the system says of it."""
    journal, aside = path / "journal.ndjson", path / "aside"
    journal.rename(aside)
    journal.mkdir()
    yield f"Is a directory: {journal}"
    journal.rmdir()
    aside.rename(journal)


def test_a_job_of_the_same_name_in_another_state_directory_is_another_job(agent: Standing) -> None:
    homes = [agent.folder / home / "jobs" for home in ("ana", "bob")]
    for home in homes:
        home.mkdir(parents=True)
        (home / "token").touch()
    with agent.connect() as ana, agent.connect() as bob:
        assert ask(ana, submit("same", homes[0]))["value"]["created"]
        assert ask(ana, attach("same", "ana"))["ok"]
        refused = ask(bob, submit("same", homes[1]))["error"]
        assert (refused["code"], refused["message"]) == (
            "busy",
            f"this agent has the job same in {homes[0]}, of ana",
        )
        assert ask(bob, attach("same", "bob"))["error"]["code"] == "unknown-job", "it means its own"
        assert ask(bob, HELLO)["value"]["dir"] == str(homes[0])
        (agent.folder / "go").touch()
        assert take_events(ana, "same") == ["started", "summary", "exited"]
        until(ana, state="idle")
        assert ask(bob, submit("same", homes[1]))["value"]["created"]
        assert ask(bob, attach("same", "bob"))["ok"]
        assert take_events(bob, "same") == ["started", "summary", "exited"]


def test_a_job_of_the_same_name_that_has_ended_makes_room(agent: Standing) -> None:
    (agent.folder / "go").touch()
    one, two = agent.job_folder("one"), agent.job_folder("two")
    with agent.connect() as client:
        assert ask(client, submit("same", one))["ok"]
        until(client, state="ended")
        refused = ask(client, submit("same", two))["error"]
        assert (refused["code"], refused["message"].partition("; ")[2]) == ("busy", "it has ended and makes room")
        assert ask(client, submit("same", two))["value"]["created"]


def test_a_journal_that_cannot_be_read_for_a_while_costs_nothing(agent: Standing) -> None:
    path = agent.job_folder("one")
    with agent.connect() as client, agent.connect() as other:
        assert ask(client, submit("one", path))["ok"]
        with journal_out_of_reach(path) as why:
            assert ask(client, attach("one", "ana"))["ok"]
            until(other, state="running", trouble=why)
        until(other, state="running", trouble=None)
        (agent.folder / "go").touch()
        assert take_events(client, "one") == ["started", "summary", "exited"]


def test_an_end_that_cannot_be_written_for_a_while_is_written_once(agent: Standing) -> None:
    path = agent.job_folder("one")
    with agent.connect() as client:
        assert ask(client, quiet(path))["ok"]
        with journal_out_of_reach(path) as why:
            (agent.folder / "go").touch()
            assert until(client, trouble=why)["state"] == "running"
        until(client, state="ended", trouble=None)
        assert ask(client, attach("one", "ana"))["ok"]
        assert take_events(client, "one") == ["started", "exited"]
    assert journal_types(path) == ["started", "exited"]


def test_an_end_that_cannot_be_written_for_long_costs_the_job_and_not_the_agent(impatient: Standing) -> None:
    path, next_path = impatient.job_folder("one"), impatient.job_folder("two")
    with impatient.connect() as client:
        assert ask(client, quiet(path))["ok"]
        with journal_out_of_reach(path) as why:
            (impatient.folder / "go").touch()
            until(client, state="idle", trouble=why)
        assert ask(client, quiet(next_path))["value"]["created"]
        assert ask(client, HELLO)["value"]["trouble"] is None


def test_a_start_that_fails_leaves_nothing_behind(agent: Standing) -> None:
    path = agent.job_folder("one")
    (path / "process.json").mkdir()
    with agent.connect() as client:
        assert ask(client, submit("one", path))["error"]["message"].startswith("Is a directory: ")
        assert carriers(path / "journal.ndjson") == []
        assert list(path.glob("*.tmp")) == []
        (path / "process.json").rmdir()
        assert ask(client, submit("one", path))["value"]["created"]


def test_told_to_end_while_it_starts_a_job_it_ends_both(agent: Standing) -> None:
    path = agent.job_folder("one")
    os.mkfifo(path / "process.json")
    with agent.connect() as client:
        client.send(json.dumps(submit("one", path)).encode())
        # It reads what an earlier agent has left there, until nobody writes it any more.
        writer = os.open(path / "process.json", os.O_WRONLY)
        agent.process.send_signal(signal.SIGTERM)
        os.close(writer)
        assert agent.process.wait(timeout=PATIENCE_MS / 1000) == 0
    last = json.loads((path / "journal.ndjson").read_text().splitlines()[-1])
    assert (last["type"], last["signal"]) == ("exited", "SIGTERM")


def test_it_lets_go_of_the_folder_of_a_job_that_has_ended_when_nobody_comes(impatient: Standing) -> None:
    path = impatient.job_folder("one")
    (impatient.folder / "go").touch()
    with impatient.connect() as driver, impatient.connect() as other:
        assert ask(driver, submit("one", path))["ok"]
        assert ask(driver, attach("one", "ana"))["ok"]
        until(other, state="idle")
    with open(path / "agent.lock", "w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    assert journal_types(path)[-1] == "exited"


def test_a_late_word_of_the_driver_before_does_not_dismiss_the_next_job(agent: Standing) -> None:
    with agent.connect() as ana, agent.connect() as bob, agent.connect() as stranger:
        (agent.folder / "go").touch()
        assert ask(ana, submit("one", agent.job_folder("one")))["ok"]
        assert ask(ana, attach("one", "ana"))["ok"]
        take_events(ana, "one")
        until(ana, state="idle")
        assert ask(bob, submit("two", agent.job_folder("two")))["ok"]
        for late in (ana, stranger):
            assert ask(late, SHUTDOWN)["ok"]
        until(bob, state="ended")
        assert ask(bob, attach("two", "bob"))["ok"]
        assert take_events(bob, "two")[-1] == "exited"


def test_what_it_starts_in_a_linked_folder_is_found_by_the_folders_own_path(agent: Standing) -> None:
    path, link = agent.job_folder("one"), agent.folder / "link"
    link.symlink_to(path)
    with agent.connect() as client:
        assert ask(client, submit("one", link))["ok"]
        pid = json.loads((path / "process.json").read_text())["pid"]
        assert carriers(path / "journal.ndjson") == [pid]
