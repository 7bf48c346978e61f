"""An agent that takes one job after another, for tests to speak to with bare sockets."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import zmq

from tests.test_agent import PATIENCE_MS, SOURCE, KeyPair, write_keys

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


@contextlib.contextmanager
def standing_agent(folder: Path, *options: str) -> Iterator[Standing]:
    """One on this machine, in this folder."""
    server, client = write_keys(folder)
    (folder / "job_for_test.py").write_text(JOB, encoding="utf-8")
    command = [sys.executable, "-m", "chexnet.runtime.agent", "--listen", "127.0.0.1:0", "--program", "1.2+ab"]
    process = subprocess.Popen(
        [*command, *options, "--keys", str(folder / "keys-test.json")],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(SOURCE), str(folder)])},
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    try:
        port = int(process.stderr.readline().decode().rpartition(":")[2])
        yield Standing(process, folder, port, server, client)
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
