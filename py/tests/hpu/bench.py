"""Runs the project's jobs on the emulated device, from its own source or from a changed copy."""

import json
import os
import selectors
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from tests.rig import SOURCE, TIMEOUT_SECONDS, Ended, environment, torchrun

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Bench:
    """`library`: the built device. `cards`: a folder in which processes mark the card that they hold."""

    library: Path
    cards: Path
    lazy: bool
    source: Path = SOURCE

    def environment(self, journal: Path | None) -> dict[str, str]:
        ours = environment(journal)
        ours["PYTHONPATH"] = os.pathsep.join([str(self.source), str(_HERE)])
        # As the user's choice; without one the project itself must set the mode.
        if self.lazy:
            ours["PT_HPU_LAZY_MODE"] = "1"
        else:
            ours.pop("PT_HPU_LAZY_MODE", None)
        return {**ours, "EMULATED_HPU_LIBRARY": str(self.library), "EMULATED_HPU_CARDS": str(self.cards)}

    def run(self, module: str, arguments: Mapping[str, object], folder: Path, *, ranks: int) -> Ended:
        """A job to its end."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "job.json").write_text(json.dumps(arguments))
        journal = folder / "journal.ndjson"
        journal.unlink(missing_ok=True)
        command = [*torchrun(ranks), "-m", module, "--job", str(folder / "job.json")]
        done = self.python(command, self.environment(journal))
        lines = journal.read_text().splitlines() if journal.exists() else []
        return Ended(code=done.returncode, stderr=done.stderr, events=[json.loads(line) for line in lines])

    def python(self, command: Sequence[str], env: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, *command],
            env=env,
            cwd=self.source,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
        )

    def kill_after_checkpoint(self, module: str, arguments: Mapping[str, object], folder: Path, *, ranks: int) -> int:
        """Start a job and SIGKILL its first process once a checkpoint is written; the step of that checkpoint."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "job.json").write_text(json.dumps(arguments))
        pipe = folder / "journal.pipe"
        os.mkfifo(pipe)
        command = [sys.executable, *torchrun(ranks), "-m", module, "--job", str(folder / "job.json")]
        # For writing too: opening does not wait for the job then, nor is the pipe at its end before the job has begun.
        with open(os.open(pipe, os.O_RDWR | os.O_NONBLOCK), "rb") as events, open(folder / "stderr.log", "wb") as log:
            running = subprocess.Popen(command, env=self.environment(pipe), cwd=self.source, stdout=log, stderr=log)
            lines = (json.loads(line) for line in _lines(events, running))
            step = next((int(event["step"]) for event in lines if event["type"] == "checkpoint"), 0)
            running.send_signal(signal.SIGKILL)
            running.wait(timeout=TIMEOUT_SECONDS)
        return step


def _lines(events: BinaryIO, running: "subprocess.Popen[bytes]") -> Iterator[bytes]:
    """The lines of a pipe until the process that writes them has gone."""
    with selectors.DefaultSelector() as selector:
        selector.register(events, selectors.EVENT_READ)
        rest = b""
        end = time.monotonic() + TIMEOUT_SECONDS
        while running.poll() is None and time.monotonic() < end:
            if selector.select(timeout=0.2):
                *whole, rest = (rest + os.read(events.fileno(), 65536)).split(b"\n")
                yield from whole


def changed_copy(folder: Path, old: str, new: str) -> Path:
    """A copy of the Python sources in which `old`, which must be in one place of all, reads `new`."""
    shutil.copytree(SOURCE / "chexnet", folder / "chexnet", ignore=shutil.ignore_patterns("__pycache__"))
    texts = {path: path.read_text(encoding="utf-8") for path in (folder / "chexnet").rglob("*.py")}
    places = [path for path, text in texts.items() for _ in range(text.count(old))]
    if len(places) != 1:
        raise AssertionError(f"{len(places)} places read {old!r}: the mutant has to be written anew")
    places[0].write_text(texts[places[0]].replace(old, new), encoding="utf-8")
    return folder
