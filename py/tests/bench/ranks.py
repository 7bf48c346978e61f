"""Two ranks of one thread against one rank of two, in turn, calm and beside a busy neighbour."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from multiprocessing.connection import Connection, Listener
from pathlib import Path

from tests.bench.case import Case
from tests.bench.figures import plain, rate, speed_ratio
from tests.bench.turns import Pace

# Nothing of this is left running for longer, whatever happens.
_MOST_SECONDS = 600
_PATIENCE_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Contestant:
    """A training that stands still until it is told to go on."""

    line: Connection

    def block(self, steps: int) -> float:
        """Seconds that so many steps took. Raises TimeoutError, and EOFError when the training has ended."""
        self.line.send(steps)
        if not self.line.poll(_PATIENCE_SECONDS):
            raise TimeoutError(f"no {steps} steps within {_PATIENCE_SECONDS:.0f} s")
        seconds: float = self.line.recv()
        return seconds


def compare_ranks(case: Case, files: Mapping[str, str], folder: Path, pace: Pace) -> dict[str, object]:
    """The speeds of both, by each other, and beside the neighbour by what they were without it."""
    seconds: dict[str, list[float]] = {name: [] for name in ("2x1", "1x2", "2x1 busy", "1x2 busy")}
    with ExitStack() as stack:
        neighbour = stack.enter_context(_neighbour())
        contestants = {
            "2x1": stack.enter_context(_contestant(replace(case, ranks=2, threads=1), files, folder / "2x1", pace)),
            "1x2": stack.enter_context(_contestant(replace(case, ranks=1, threads=2), files, folder / "1x2", pace)),
        }
        for _ in range(pace.rounds):
            for name, contestant in contestants.items():
                seconds[name].append(contestant.block(pace.steps))
            with _awake(neighbour):
                for name, contestant in contestants.items():
                    seconds[f"{name} busy"].append(contestant.block(pace.steps))
        for contestant in contestants.values():
            contestant.line.send(0)
    images = case.batch * pace.steps
    return {
        **case.described(),
        "steps_per_block": pace.steps,
        "images_per_second": {name: rate(images, taken) for name, taken in seconds.items()},
        "two_ranks_by_one": plain(speed_ratio(seconds["2x1"], seconds["1x2"])),
        "two_ranks_beside_busy": plain(speed_ratio(seconds["2x1 busy"], seconds["2x1"])),
        "one_rank_beside_busy": plain(speed_ratio(seconds["1x2 busy"], seconds["1x2"])),
    }


@contextmanager
def _contestant(case: Case, files: Mapping[str, str], folder: Path, pace: Pace) -> Iterator[Contestant]:
    """Its ranks are gone afterwards. It has done its warm steps."""
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
    with Listener(address, family="AF_UNIX") as listener, ExitStack() as stack:
        # A rank that cannot start never calls: accept must not wait for ever.
        _limit(listener)
        port = _free_port()
        for rank in range(case.ranks):
            command = [sys.executable, "-m", "tests.bench.rank", str(folder / "order.json")]
            process = subprocess.Popen(command, env=_environment(case, rank, port), stdin=subprocess.DEVNULL)
            stack.callback(_end, process)
        line = stack.enter_context(listener.accept())
        if not line.poll(_PATIENCE_SECONDS):
            raise TimeoutError(f"no first step within {_PATIENCE_SECONDS:.0f} s")
        line.recv()
        yield Contestant(line)


def _limit(listener: Listener) -> None:
    inner: socket.socket = listener._listener._socket  # type: ignore[attr-defined]
    inner.settimeout(_PATIENCE_SECONDS)


def _environment(case: Case, rank: int, port: int) -> dict[str, str]:
    """What torchrun would set."""
    own = {"OMP_NUM_THREADS": str(case.threads)}
    if case.ranks == 1:
        return {**os.environ, **own}
    return {
        **os.environ,
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


@contextmanager
def _neighbour() -> Iterator["subprocess.Popen[str]"]:
    """Another program with two threads of its own that spin while they wait; asleep until it is woken."""
    command = [sys.executable, "-m", "tests.bench.burner", "2", str(_MOST_SECONDS)]
    environment = {**os.environ, "OMP_NUM_THREADS": "2", "OMP_WAIT_POLICY": "ACTIVE"}
    process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        if process.stdout.readline() != "ready\n":
            raise RuntimeError("the busy neighbour did not start")
        process.send_signal(signal.SIGSTOP)
        yield process
    finally:
        _end(process)


@contextmanager
def _awake(process: "subprocess.Popen[str]") -> Iterator[None]:
    process.send_signal(signal.SIGCONT)
    try:
        yield
    finally:
        process.send_signal(signal.SIGSTOP)


def _end(process: "subprocess.Popen[str] | subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.kill()
    process.wait()
    if process.stdout is not None:
        process.stdout.close()
