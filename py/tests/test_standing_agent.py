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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import zmq

from chexnet.runtime.agent import EXIT_ERRNO
from tests.test_agent import PATIENCE_MS, SOURCE, KeyPair, ask, write_keys

JOB = """
import pathlib, sys, time
from chexnet.runtime.journal import Journal, Summary
pathlib.Path("ready").touch()
while not pathlib.Path("go").exists():
    time.sleep(.01)
Journal.from_environment().append(Summary({"loss": 0.25}))
"""


@dataclass(frozen=True)
class Standing:
    process: "subprocess.Popen[bytes]"
    folder: Path
    port: int
    server: KeyPair
    client: KeyPair

    def connect(self) -> "zmq.Socket[bytes]":
        context: zmq.Context[zmq.Socket[bytes]] = zmq.Context.instance()
        client = context.socket(zmq.DEALER)
        client.linger = 0
        client.rcvtimeo = PATIENCE_MS
        client.curve_serverkey = self.server[0]
        client.curve_publickey, client.curve_secretkey = self.client
        client.connect(f"tcp://127.0.0.1:{self.port}")
        return client

    def job_folder(self, name: str) -> Path:
        path = self.folder / name
        path.mkdir()
        (path / "token").touch()
        return path


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Standing]:
    server, client = write_keys(tmp_path)
    (tmp_path / "job_for_test.py").write_text(JOB, encoding="utf-8")
    command = [sys.executable, "-m", "chexnet.runtime.agent", "--listen", "127.0.0.1:0", "--program", "1.2+ab"]
    process = subprocess.Popen(
        [*command, "--keys", str(tmp_path / "keys-test.json")],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(SOURCE), str(tmp_path)])},
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    try:
        port = int(process.stderr.readline().decode().rpartition(":")[2])
        yield Standing(process, tmp_path, port, server, client)
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def submit(job: str, path: Path, *, token: str | None = "token") -> dict[str, Any]:
    fields = {"v": 1, "type": "submit", "id": "s", "job": job, "dir": str(path), "module": "job_for_test"}
    return {**fields, "ranks": 1, "torchrun": False, "arguments": {}, "environment": {}, "token": token}


def attach(job: str, driver: str, *, take_over: bool = False) -> dict[str, Any]:
    return {"v": 1, "type": "attach", "id": "a", "job": job, "after": 0, "driver": driver, "take_over": take_over}


HELLO = {"v": 1, "type": "hello", "id": "h"}


def take_events(client: "zmq.Socket[bytes]", job: str) -> list[str]:
    types: list[str] = []
    while not types or types[-1] != "exited":
        message = json.loads(client.recv())
        if message["type"] == "event":
            types.append(message["event"]["type"])
            client.send(json.dumps({"v": 1, "type": "ack", "job": job, "seq": message["seq"]}).encode())
    return types


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
