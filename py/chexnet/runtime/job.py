"""One job in its folder: idle, running or ended. All that is said about it goes through the journal.

The folder: job.json (arguments), journal.ndjson, process.json (what runs), attempts/<n>/ (what it printed).
"""

import contextlib
import json
import os
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, TypeAlias

from chexnet.runtime.journal import Exited, Journal, Started, Warned
from chexnet.runtime.journal_file import cut_torn_line, last_lines
from chexnet.runtime.launcher import SWEEP_SECONDS, Launched, carriers, command_of, launch, sweep
from chexnet.runtime.process import start_time
from chexnet.runtime.protocol import Submit
from chexnet.runtime.teardown import Teardown
from chexnet.runtime.verdict import exited, unseen


@dataclass(frozen=True, slots=True)
class Idle:
    """Nothing was submitted yet."""

    state: ClassVar[str] = "idle"


@dataclass(slots=True)
class Running:
    """An attempt is under way; `kill_at` (monotonic) is set once it was told to stop.

    `swept`: pids that outlived its first process. `is_told`: its last event was written, perhaps, or tried.
    """

    state: ClassVar[str] = "running"
    submit: Submit
    attempt: int
    folder: Path
    launched: Launched
    teardown: Teardown
    kill_at: float | None = None
    swept: set[int] = field(default_factory=set)
    is_told: bool = False


@dataclass(frozen=True, slots=True)
class Ended:
    """No process of it is left, and the journal says how it ended."""

    state: ClassVar[str] = "ended"
    submit: Submit
    attempt: int
    exited: Exited


JobState: TypeAlias = Idle | Running | Ended


def journal_of(directory: Path) -> Path:
    """The journal in a job's folder."""
    return directory / "journal.ndjson"


def clear(directory: Path, *, within_seconds: float = SWEEP_SECONDS) -> list[int]:
    """Make the folder safe to write: no process of an earlier attempt, whole lines only. Returns the killed pids.

    Raises OSError, of which TimeoutError is one.
    """
    killed = sweep(journal_of(directory), within_seconds=within_seconds)
    cut_torn_line(str(journal_of(directory)))
    return killed


def settle(directory: Path, killed: list[int]) -> None:
    """Say what was killed here, and give an attempt whose agent was killed its last event: each `started` has one."""
    if killed:
        count = "a process" if len(killed) == 1 else f"{len(killed)} processes"
        pids = ", ".join(map(str, killed))
        _append(directory, Warned(f"ended {count} that an attempt before had left: {pids}"))
    try:
        process = json.loads((directory / "process.json").read_text(encoding="utf-8"))
        attempt, ranks, torchrun = process["attempt"], process["ranks"], process["torchrun"]
    except (OSError, ValueError, KeyError):
        return  # Nothing ever ran here.
    if _is_open(directory):
        folder = directory / "attempts" / str(attempt)
        _append(directory, unseen(folder, ranks=ranks, torchrun=torchrun, swept=killed))


def _is_open(directory: Path) -> bool:
    """Whether the last attempt lacks its end. Agents warn between attempts."""
    for line in reversed(last_lines(str(journal_of(directory)))):
        try:
            event = json.loads(line)
        except ValueError:
            return True  # Damaged: what follows it counts, and there is nothing.
        if not isinstance(event, dict) or event.get("type") != "warning":
            return not isinstance(event, dict) or event.get("type") != "exited"
    return False


def start(submit: Submit, directory: Path) -> Running:
    """Start the next attempt. Raises OSError, and then nothing runs."""
    attempt, folder = _next_attempt(directory)
    write_whole(directory / "job.json", dict(submit.arguments))
    command = command_of(submit, folder=folder, job_file=directory / "job.json", journal_file=journal_of(directory))
    launched = launch(command)
    try:
        pid = launched.process.pid
        what = {"attempt": attempt, "argv": command.argv, "ranks": submit.ranks, "torchrun": submit.torchrun}
        write_whole(directory / "process.json", {"pid": pid, "start_time": start_time(pid), **what})
        _append(directory, Started(pid=pid, ranks=submit.ranks, attempt=attempt, argv=command.argv))
    except BaseException:
        launched.abandon()
        raise
    launched.release()
    return Running(submit, attempt, folder, launched, Teardown(folder))


def cancel(job: Running, grace_seconds: float) -> None:
    """Tell the ranks to save and stop; a second call can only shorten the grace."""
    kill_at = time.monotonic() + grace_seconds
    if job.kill_at is None:
        job.launched.signal(signal.SIGTERM)
    job.kill_at = kill_at if job.kill_at is None else min(job.kill_at, kill_at)


def watch(job: Running, directory: Path, *, sweep_seconds: float = SWEEP_SECONDS) -> Running | Ended:
    """Look after the attempt: kill it when its grace is over, write its last event once it has ended.

    Raises OSError when the folder does not let it, TimeoutError when a process does not end; it may be called again.
    """
    if job.launched.process.poll() is None:
        if job.kill_at is None and job.submit.torchrun:
            job.teardown.hurry(lambda: carriers(journal_of(directory)), now=time.monotonic())
        if job.kill_at is None or time.monotonic() < job.kill_at:
            return job
        job.swept.update(sweep(journal_of(directory), within_seconds=sweep_seconds))
        job.launched.process.wait()
    # A killed torchrun leaves its ranks a moment longer; nobody may write after the last event.
    job.swept.update(clear(directory, within_seconds=sweep_seconds))
    ending = exited(
        job.launched.process.returncode,
        job.folder,
        ranks=job.submit.ranks,
        torchrun=job.submit.torchrun,
        cancelled=job.kill_at is not None,
        hurried=job.teardown.ended,
        swept=job.swept,
    )
    # Called again after the event was written and only its way to the disk failed, it must not write a second one.
    if not job.is_told or _is_open(directory):
        job.is_told = True
        _append(directory, ending)
    return Ended(job.submit, job.attempt, ending)


def write_whole(path: Path, content: Mapping[str, object], *, mode: int = 0o644) -> None:
    """Write JSON so that a reader finds the old file or the new one, never a part."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
        with open(descriptor, "w", encoding="utf-8") as file:
            json.dump(content, file, allow_nan=False)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def _next_attempt(directory: Path) -> tuple[int, Path]:
    attempts = directory / "attempts"
    attempts.mkdir(parents=True, exist_ok=True)
    numbers = [int(entry.name) for entry in attempts.iterdir() if entry.name.isdecimal()]
    folder = attempts / str(max(numbers, default=0) + 1)
    folder.mkdir()
    return int(folder.name), folder


def _append(directory: Path, event: Started | Exited | Warned) -> None:
    journal = Journal(str(journal_of(directory)))
    try:
        journal.append(event)
    finally:
        journal.close(sync=True)
