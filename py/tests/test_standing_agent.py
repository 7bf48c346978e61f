"""An agent that takes one job after another, spoken to with bare sockets."""

import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chexnet.runtime.agent import EXIT_ERRNO
from tests.standing import HELLO, Standing, attach, standing_agent, submit, take_events
from tests.test_agent import PATIENCE_MS, SOURCE, ask, write_keys


@pytest.fixture(name="agent")
def fixture_agent(tmp_path: Path) -> Iterator[Standing]:
    with standing_agent(tmp_path) as agent:
        yield agent


def test_it_takes_one_job_after_another_and_is_idle_between(agent: Standing) -> None:
    (agent.folder / "go").touch()
    with agent.connect() as client:
        for job in ("one", "two"):
            path = agent.job_folder(job)
            assert ask(client, submit(job, path))["value"]["created"]
            assert ask(client, attach(job, "ana"))["ok"]
            assert take_events(client, job) == ["started", "summary", "exited"]
            # It looks at what has come in before it looks whether all was taken.
            while (hello := ask(client, HELLO)["value"])["state"] != "idle":
                pass
            assert (hello["job"], hello["driver"], hello["program"]) == (None, None, "1.2+ab")


def test_a_second_driver_is_refused_by_name_unless_it_takes_over(agent: Standing) -> None:
    path = agent.job_folder("one")
    with agent.connect() as first, agent.connect() as second:
        assert ask(first, submit("one", path))["ok"]
        assert ask(first, attach("one", "ana, process 1"))["ok"]
        refused = ask(second, attach("one", "bob"))["error"]
        assert refused["code"] == "taken"
        assert re.fullmatch(r"ana, process 1 follows it and was heard \d+ s ago", refused["message"])
        assert ask(first, attach("one", "ana, process 1"))["ok"], "it may ask again itself"
        assert ask(second, attach("one", "bob", take_over=True))["ok"]
        assert ask(first, HELLO)["value"]["driver"] == "bob"
        other = ask(second, submit("two", agent.job_folder("two")))["error"]
        assert (other["code"], other["message"]) == ("busy", f"this agent has the job one in {path}, of bob")


def test_a_folder_that_is_not_the_drivers_is_refused(agent: Standing) -> None:
    with agent.connect() as client:
        missing = ask(client, submit("one", agent.folder / "nowhere"))["error"]
        assert missing["code"] == "failed"
        assert f"has no folder {agent.folder}/nowhere: the state directory must lie on a" in missing["message"]
        unseen = ask(client, submit("one", agent.job_folder("one"), token="seen-by-the-driver-alone"))["error"]
        assert "is not the driver's: the state directory must lie on a" in unseen["message"]
        assert ask(client, HELLO)["value"]["state"] == "idle"


def test_a_folder_in_which_another_agent_works_is_refused(agent: Standing) -> None:
    path = agent.job_folder("one")
    with agent.connect() as client, open(path / "agent.lock", "w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert ask(client, submit("one", path))["error"]["message"] == f"another agent works in {path}"


def test_a_job_that_nobody_follows_goes_on_and_then_makes_room(agent: Standing) -> None:
    path = agent.job_folder("one")
    with agent.connect() as client:
        assert ask(client, submit("one", path))["ok"]
        assert ask(client, {"v": 1, "type": "shutdown", "id": "d"})["ok"]
        assert ask(client, HELLO)["value"]["state"] == "running"
        (agent.folder / "go").touch()
        while ask(client, HELLO)["value"]["state"] != "idle":
            pass
    last = json.loads((path / "journal.ndjson").read_text(encoding="utf-8").splitlines()[-1])
    assert (last["type"], last["code"]) == ("exited", 0)


def test_a_folder_that_is_removed_costs_the_job_and_not_the_agent(agent: Standing) -> None:
    path = agent.job_folder("one")
    with agent.connect() as client:
        assert ask(client, submit("one", path))["ok"]
        shutil.rmtree(path)
        while (hello := ask(client, HELLO)["value"])["state"] != "idle":
            pass
        assert hello["trouble"] == f"{path} was removed"


def test_told_to_end_it_lets_its_driver_hear_the_end_of_the_job(agent: Standing) -> None:
    path = agent.job_folder("one")
    with agent.connect() as client:
        assert ask(client, submit("one", path))["ok"]
        assert ask(client, attach("one", "ana"))["ok"]
        agent.process.send_signal(signal.SIGINT)
        assert take_events(client, "one")[-1] == "exited"
        assert agent.process.wait(timeout=PATIENCE_MS / 1000) == 0


@pytest.mark.parametrize("address", ["203.0.113.7:1", "nosuch.invalid:1"])
def test_an_address_that_is_not_this_machines_is_told(tmp_path: Path, address: str) -> None:
    write_keys(tmp_path)
    command = [sys.executable, "-m", "chexnet.runtime.agent", "--listen", address, "--keys"]
    ended = subprocess.run(
        [*command, str(tmp_path / "keys-test.json")],
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        capture_output=True,
        check=False,
    )
    assert ended.returncode > EXIT_ERRNO
    assert f"this machine has no address {address.rpartition(':')[0]}" in ended.stderr.decode()
