"""Jobs whose events a test waits for while they run, in processes of their own."""

import contextlib
import json
import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.rig import SOURCE, TIMEOUT_SECONDS, environment, job_command


@dataclass(frozen=True, slots=True)
class Running:
    """A job under way; its events come through a pipe, so that a test waits for them and not for a time."""

    process: "subprocess.Popen[bytes]"
    events: Iterator[dict[str, object]]

    def until(self, **fields: object) -> dict[str, object]:
        """The next event with these fields."""
        for event in self.events:
            if all(event.get(name) == value for name, value in fields.items()):
                return event
        raise AssertionError(f"the job ended before {fields}")


def start_job(module: str, arguments: Mapping[str, object], folder: Path, *, ranks: int = 1) -> Running:
    """Start a job in a process group of its own."""
    command = job_command(module, arguments, folder, ranks=ranks)
    pipe = folder / "journal.pipe"
    pipe.unlink(missing_ok=True)
    os.mkfifo(pipe)
    with open(folder / "stderr.log", "wb") as log:
        process = subprocess.Popen(
            command, env=environment(pipe), cwd=SOURCE, stdout=log, stderr=log, start_new_session=True
        )
    threading.Thread(target=_release, args=(process, pipe), daemon=True).start()
    return Running(process=process, events=_lines(pipe))


def kill(running: Running) -> None:
    """SIGKILL the first process; its ranks die with it."""
    running.process.send_signal(signal.SIGKILL)
    running.process.wait(timeout=TIMEOUT_SECONDS)
    # The pipe ends when the last rank that could write to it is gone.
    for _ in running.events:
        pass


def _lines(pipe: Path) -> Iterator[dict[str, object]]:
    with open(pipe, encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def _release(process: "subprocess.Popen[bytes]", pipe: Path) -> None:
    """A job that ends before its first event must not leave the reader waiting for a writer."""
    process.wait()
    with contextlib.suppress(OSError):
        os.close(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
