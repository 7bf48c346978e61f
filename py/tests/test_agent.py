"""The agent as a process, spoken to with bare sockets."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import zmq
from zmq.utils.monitor import recv_monitor_message

from chexnet.runtime.agent import EXIT_LOCKED, EXIT_PORT_TAKEN

PATIENCE_MS = 20_000
SOURCE = Path(__file__).parents[1]

KeyPair = tuple[bytes, bytes]


@dataclass(frozen=True)
class Agent:
    process: "subprocess.Popen[bytes]"
    directory: Path
    port: int
    server: KeyPair
    client: KeyPair

    def connect(self, keys: KeyPair | None) -> "zmq.Socket[bytes]":
        client = self.dealer(keys)
        client.connect(f"tcp://127.0.0.1:{self.port}")
        return client

    def dealer(self, keys: KeyPair | None) -> "zmq.Socket[bytes]":
        context: zmq.Context[zmq.Socket[bytes]] = zmq.Context.instance()
        client = context.socket(zmq.DEALER)
        client.linger = 0
        client.rcvtimeo = PATIENCE_MS
        if keys is not None:
            client.curve_serverkey = self.server[0]
            client.curve_publickey, client.curve_secretkey = keys
        return client


def write_keys(directory: Path) -> tuple[KeyPair, KeyPair]:
    server, client = zmq.curve_keypair(), zmq.curve_keypair()
    named = [dict(zip(("public", "secret"), [key.decode() for key in pair], strict=True)) for pair in (server, client)]
    (directory / "keys-test.json").write_text(json.dumps({"server": named[0], "client": named[1]}))
    return server, client


def command(directory: Path, *options: str) -> list[str]:
    return [
        sys.executable,
        "-m",
        "chexnet.runtime.agent",
        "--dir",
        str(directory),
        "--keys",
        "keys-test.json",
        *options,
    ]


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Agent]:
    server, client = write_keys(tmp_path)
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    process = subprocess.Popen(command(tmp_path), env=environment, stderr=subprocess.PIPE)
    assert process.stderr is not None
    try:
        listening = process.stderr.readline().decode()
        port = int(listening.rpartition(":")[2])
        yield Agent(process, tmp_path, port, server, client)
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def ask(client: "zmq.Socket[bytes]", message: dict[str, Any] | bytes) -> dict[str, Any]:
    client.send(message if isinstance(message, bytes) else json.dumps(message).encode())
    while (reply := json.loads(client.recv()))["type"] != "reply":
        pass
    return dict(reply)


def test_a_known_key_gets_an_answer(agent: Agent) -> None:
    with agent.connect(agent.client) as client:
        reply = ask(client, {"v": 1, "type": "hello", "id": "1"})
    endpoint = json.loads((agent.directory / "endpoint.json").read_text())
    assert reply == {
        "v": 1,
        "type": "reply",
        "id": "1",
        "ok": True,
        "value": {
            "epoch": endpoint["epoch"],
            "version": 1,
            "program": None,
            "host": socket.gethostname(),
            "state": "idle",
            "job": None,
            "dir": None,
            "driver": None,
            "trouble": None,
        },
    }
    assert (endpoint["pid"], endpoint["port"]) == (agent.process.pid, agent.port)


@pytest.mark.parametrize(
    ("keys", "event"),
    [
        (zmq.curve_keypair, zmq.EVENT_HANDSHAKE_FAILED_AUTH),
        # Without CURVE the two sides cannot even agree on how to speak.
        (lambda: None, zmq.EVENT_DISCONNECTED),
    ],
    ids=["another key", "no key"],
)
def test_nobody_else_is_let_in(agent: Agent, keys: Callable[[], KeyPair | None], event: int) -> None:
    client = agent.dealer(keys())
    with client, client.get_monitor_socket() as monitor:
        monitor.rcvtimeo = PATIENCE_MS
        client.connect(f"tcp://127.0.0.1:{agent.port}")
        client.send(b'{"v":1,"type":"hello","id":"1"}')
        seen = set()
        while event not in seen:
            seen.add(recv_monitor_message(monitor)["event"])
        assert zmq.EVENT_HANDSHAKE_SUCCEEDED not in seen
        client.disable_monitor()


@pytest.mark.parametrize(
    ("frame", "code", "identifier"),
    [
        ({"v": 2, "type": "hello", "id": "1"}, "version", "1"),
        ({"v": 1, "type": "pause", "id": "1"}, "unknown-kind", "1"),
        ({"v": 1, "type": "hello", "id": "1", "colour": "red"}, "unknown-field", "1"),
        (b"not JSON", "malformed", ""),
        (
            {"v": 1, "type": "attach", "id": "1", "job": "a", "after": 0, "driver": "x", "take_over": False},
            "unknown-job",
            "1",
        ),
    ],
    ids=["version", "kind", "field", "no JSON", "job"],
)
def test_a_message_that_cannot_be_is_answered(agent: Agent, frame: Any, code: str, identifier: str) -> None:
    with agent.connect(agent.client) as client:
        reply = ask(client, frame)
        assert (reply["ok"], reply["error"]["code"], reply["id"]) == (False, code, identifier)
        # And the agent goes on.
        assert ask(client, {"v": 1, "type": "hello", "id": "2"})["ok"]


def test_a_job_for_another_folder_is_refused(agent: Agent, tmp_path: Path) -> None:
    submit = {
        "v": 1,
        "type": "submit",
        "id": "1",
        "job": "a",
        "dir": str(tmp_path / "other"),
        "module": "job",
        "ranks": 1,
        "torchrun": False,
        "arguments": {},
        "environment": {},
        "token": None,
    }
    with agent.connect(agent.client) as client:
        assert ask(client, submit)["error"] == {"code": "failed", "message": f"this agent works in {tmp_path}"}


def test_it_leaves_when_told(agent: Agent) -> None:
    with agent.connect(agent.client) as client:
        assert ask(client, {"v": 1, "type": "shutdown", "id": "1"})["ok"]
        assert agent.process.wait(timeout=PATIENCE_MS / 1000) == 0


def test_it_leaves_when_it_has_nothing_to_do_and_nobody_speaks_to_it(tmp_path: Path) -> None:
    write_keys(tmp_path)
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    ended = subprocess.run(
        command(tmp_path, "--lease-seconds", "0.2"),
        env=environment,
        stderr=subprocess.PIPE,
        timeout=PATIENCE_MS / 1000,
        check=False,
    )
    assert ended.returncode == 0
    assert b"no word from a driver for 0.2 s" in ended.stderr


def test_a_second_agent_in_the_folder_gives_up(agent: Agent) -> None:
    second = subprocess.run(command(agent.directory), env={**os.environ, "PYTHONPATH": str(SOURCE)}, check=False)
    assert second.returncode == EXIT_LOCKED


def test_a_taken_port_is_told_by_the_exit_status(tmp_path: Path) -> None:
    write_keys(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
        ended = subprocess.run(command(tmp_path, "--port", port), env=environment, check=False)
    assert ended.returncode == EXIT_PORT_TAKEN
