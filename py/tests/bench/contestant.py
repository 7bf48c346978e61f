"""Programs that a measurement starts beside itself: trainings that wait for a word, and a busy neighbour."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

from tests.bench.case import Case
from tests.bench.turns import Pace

# Nothing that is started here runs for longer, whatever happens.
_MOST_SECONDS = 600
_PATIENCE_SECONDS = 120.0

Process = subprocess.Popen[bytes]


@dataclass(slots=True)
class Contestant:
    """A training that stands still until it is told to go on."""

    listener: socket.socket
    processes: list[Process] = field(default_factory=list)
    _line: Connection | None = None

    def meet(self) -> None:
        """Wait until its warm steps are done. Raises RuntimeError when it ends before, TimeoutError when it hangs."""
        self.listener.settimeout(1.0)
        give_up = time.monotonic() + _PATIENCE_SECONDS
        while self._line is None:
            try:
                self._line = Connection(self.listener.accept()[0].detach())
            except TimeoutError:
                if any(process.poll() is not None for process in self.processes) or time.monotonic() > give_up:
                    raise RuntimeError("a rank did not start") from None
        self._answer()

    def block(self, steps: int) -> float:
        """Seconds that so many steps took. Raises EOFError when it has ended."""
        self._tell(steps)
        return self._answer()

    def end(self) -> None:
        self._tell(0)

    def _tell(self, steps: int) -> None:
        assert self._line is not None, "Internal error: it was not met"
        self._line.send(steps)

    def _answer(self) -> float:
        assert self._line is not None, "Internal error: it was not met"
        if not self._line.poll(_PATIENCE_SECONDS):
            raise TimeoutError(f"a training took longer than {_PATIENCE_SECONDS:.0f} s for a few steps")
        seconds: float = self._line.recv()
        return seconds


@contextmanager
def contestant(case: Case, files: Mapping[str, str], folder: Path, pace: Pace) -> Iterator[Contestant]:
    """Started, and to be met. Its ranks are gone afterwards."""
    folder.mkdir(parents=True)
    address = str(folder / "line")
    order = {
        "case": asdict(case),
        "files": dict(files),
        "folder": str(folder),
        "address": address,
        "warm": pace.warm,
        "report_steps": pace.steps,
    }
    (folder / "order.json").write_text(json.dumps(order))
    port = _free_port()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen()
        started = Contestant(listener)
        try:
            for rank in range(case.ranks):
                command = [sys.executable, "-m", "tests.bench.rank", str(folder / "order.json")]
                environment = _environment(case, rank, port)
                started.processes.append(subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL))
            yield started
        finally:
            for process in started.processes:
                _end(process)


def _environment(case: Case, rank: int, port: int) -> dict[str, str]:
    """What torchrun would set."""
    own = {**os.environ, "OMP_NUM_THREADS": str(case.threads)}
    if case.ranks == 1:
        return own
    return {
        **own,
        "RANK": str(rank),
        "WORLD_SIZE": str(case.ranks),
        "LOCAL_RANK": str(rank),
        "LOCAL_WORLD_SIZE": str(case.ranks),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
    }


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another program, whose threads spin while they wait. Asleep but for `awake`."""

    process: Process

    def meet(self) -> None:
        """Wait until it is at work, and put it to sleep."""
        assert self.process.stdout is not None
        if self.process.stdout.readline() != b"ready\n":
            raise RuntimeError("the busy neighbour did not start")
        self.process.send_signal(signal.SIGSTOP)

    @contextmanager
    def awake(self) -> Iterator[None]:
        self.process.send_signal(signal.SIGCONT)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGSTOP)


@contextmanager
def neighbour(*, threads: int) -> Iterator[Neighbour]:
    """Started, and to be met. Gone afterwards."""
    command = [sys.executable, "-m", "tests.bench.burner", str(threads), str(_MOST_SECONDS)]
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "OMP_WAIT_POLICY": "ACTIVE"}
    process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    try:
        yield Neighbour(process)
    finally:
        _end(process)


def _end(process: Process) -> None:
    if process.poll() is None:
        process.kill()
    process.wait()
    if process.stdout is not None:
        process.stdout.close()
