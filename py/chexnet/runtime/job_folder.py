"""A job's folder, held by one agent: nobody else may work in it."""

import contextlib
import fcntl
import logging
import os
import socket
import uuid
from dataclasses import dataclass
from pathlib import Path

from chexnet.runtime.job import clear, settle

log = logging.getLogger("agent")


class UnfitFolderError(Exception):
    """Why no job can run in the folder that the driver named; for people, without a trace."""


@dataclass(frozen=True, slots=True)
class JobFolder:
    """The kernel drops the lock when the process ends, however it ends."""

    path: Path
    _lock: int

    def release(self) -> None:
        """Let others in."""
        # A file server that is away says so here too, and the lock is gone all the same.
        with contextlib.suppress(OSError):
            os.close(self._lock)


def hold(path: Path) -> JobFolder | None:
    """Lock the folder and make it safe to write; None when another agent holds it. Raises OSError."""
    descriptor = os.open(path / "agent.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        killed = clear(path)
        settle(path, killed)
        if killed:
            log.warning("killed what an earlier agent left behind: %s", killed)
        return JobFolder(path, descriptor)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except Exception:
        os.close(descriptor)
        raise


def hold_shared(path: Path, token: str | None) -> JobFolder:
    """Hold a folder that a driver on another machine names; `token` is a file that the driver has put there.

    The path that is held has no links in it: what carries it is found by its exact text.
    Raises UnfitFolderError.
    """
    here = socket.gethostname()
    if not path.is_absolute() or not path.is_dir():
        raise UnfitFolderError(f"{here} has no folder {path}{_BOTH_MACHINES}")
    if token is not None and not (path / Path(token).name).is_file():
        raise UnfitFolderError(f"the folder {path} on {here} is not the driver's{_BOTH_MACHINES}")
    try:
        _write_something(path)
        folder = hold(path.resolve())
    except OSError as error:
        raise UnfitFolderError(f"{here} cannot work in {path}: {error.strerror or error}") from None
    if folder is None:
        raise UnfitFolderError(f"another agent works in {path}")
    return folder


_BOTH_MACHINES = ": the state directory must lie on a file system that both machines see, under the same path"


def _write_something(path: Path) -> None:
    probe = path / f"probe-{uuid.uuid4().hex}"
    try:
        probe.write_bytes(b"x")
    finally:
        probe.unlink(missing_ok=True)
