"""What an agent is there for, and the job that it has: its folder, its processes, how it ended."""

import contextlib
import logging
import os
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from chexnet.runtime import job as jobs
from chexnet.runtime.job_folder import JobFolder, UnfitFolderError, hold_shared
from chexnet.runtime.launcher import sweep
from chexnet.runtime.protocol import Refusal, Submit

log = logging.getLogger("agent")

_LOOK_SECONDS = 1.0
# A standing agent answers its drivers meanwhile, and tries again.
_STANDING_SWEEP_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class OneJob:
    """There for one job in one folder; leaves after it, and with nothing to do once no driver was heard so long."""

    folder: JobFolder
    lease_seconds: float


@dataclass(frozen=True, slots=True)
class Standing:
    """Takes one job after another, in the folders that drivers name, until a signal tells it to end.

    After so long it lets go of a job that has ended and whose driver is gone, or whose folder it cannot read or write.
    """

    lease_seconds: float


Post: TypeAlias = OneJob | Standing


@dataclass(slots=True)
class Work:
    """The agent's job, if it has one."""

    post: Post
    job: jobs.JobState = field(default_factory=jobs.Idle, init=False)
    # Monotonic.
    ended_at: float = field(default=0.0, init=False)
    # Why the last job was given up, which its journal could not be told.
    _given_up: str | None = field(default=None, init=False)
    # What cannot be done at present, by what it is, and why.
    _hindrances: dict[str, str] = field(default_factory=dict, init=False)
    # Monotonic: since when the end of the job cannot be written, and when that is tried again.
    _stuck_at: float | None = field(default=None, init=False)
    _retry_at: float = field(default=0.0, init=False)
    # Held from the beginning for one job, else while there is a job.
    _folder: JobFolder | None = field(default=None, init=False)
    _looked_at: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        self._folder = self.post.folder if isinstance(self.post, OneJob) else None

    def path(self) -> Path:
        """The folder of the job."""
        assert self._folder is not None, "Internal error: no folder without a job"
        return self._folder.path

    def name(self) -> str | None:
        """The job's name."""
        return None if isinstance(self.job, jobs.Idle) else self.job.submit.job

    def state(self) -> dict[str, object]:
        """What a driver is told about it."""
        job = self.job
        if isinstance(job, jobs.Idle):
            return {"state": job.state, "attempt": None, "code": None, "stopping": False}
        code = job.exited.code if isinstance(job, jobs.Ended) else None
        stopping = isinstance(job, jobs.Running) and job.kill_at is not None
        return {"state": job.state, "attempt": job.attempt, "code": code, "stopping": stopping}

    def trouble(self) -> str | None:
        """Why the last job was given up, or what the system refuses at present; for people."""
        return self._given_up or "; ".join(self._hindrances.values()) or None

    def is_hindered(self, what: str) -> bool:
        """Whether this cannot be done at present."""
        return what in self._hindrances

    def hinder(self, what: str, error: OSError) -> None:
        """Keep in mind, and say once, that this cannot be done at present."""
        text = text_of(error)
        if self._hindrances.get(what) != text:
            log.warning("%s: %s; trying again", what, text)
        self._hindrances[what] = text

    def ease(self, what: str) -> None:
        """It can be done now."""
        if self._hindrances.pop(what, None) is not None:
            log.info("%s: it works again", what)

    def begin(self, submit: Submit) -> Refusal | None:
        """Start the first attempt; only when there is no job."""
        try:
            if isinstance(self.post, Standing):
                self._folder = hold_shared(Path(submit.dir), submit.token)
            elif Path(submit.dir).resolve() != self.path():
                raise UnfitFolderError(f"this agent works in {self.path()}")
            self.job = jobs.start(submit, self.path())
        except UnfitFolderError as error:
            log.warning("refused the job %s: %s", submit.job, error)
            return Refusal("failed", str(error))
        except OSError as error:
            if isinstance(self.post, OneJob):
                raise
            self.let_go()
            return Refusal("failed", text_of(error))
        self._given_up = None
        log.info("attempt %d of job %s: %d ranks of %s", self.job.attempt, submit.job, submit.ranks, submit.module)
        return None

    def watch(self) -> None:
        """Look after the processes. Raises OSError when one job's agent cannot write how it ended."""
        job = self.job
        if not isinstance(job, jobs.Running):
            return
        if isinstance(self.post, OneJob):
            self.job = jobs.watch(job, self.path())
        else:
            self._watch_patiently(job, self.post.lease_seconds)
        if isinstance(self.job, jobs.Ended):
            self.ended_at = time.monotonic()
            log.info("job %s ended: %s", job.submit.job, self.job.exited.signal or self.job.exited.code)

    def let_go(self) -> None:
        """Be idle, and let others into the folder."""
        if self._folder is not None:
            self._folder.release()
        self._folder, self.job, self._stuck_at = None, jobs.Idle(), None
        self._hindrances.clear()

    def give_up(self, why: str) -> None:
        """Let go of a job that has ended, and tell why its driver did not hear how."""
        log.error("gave up the job %s: %s", self.name(), why)
        self.let_go()
        self._given_up = why

    def is_forsaken(self) -> bool:
        """Whether the folder was removed: then nobody can find the job any more, and it has nowhere to write.

        Raises OSError when one job's agent cannot end what is left of it.
        """
        now = time.monotonic()
        if self._folder is None or now - self._looked_at < _LOOK_SECONDS:
            return False
        self._looked_at = now
        try:
            os.stat(self._folder.path)
            return False
        except FileNotFoundError:
            log.warning("%s was removed", self._folder.path)
        except OSError:
            return False  # A file server that is away for a while.
        if isinstance(self.post, OneJob):
            jobs.clear(self._folder.path)
        elif isinstance(self.job, jobs.Running):
            self._abort(self.job, f"{self._folder.path} was removed")
        return True

    def _watch_patiently(self, job: jobs.Running, lease_seconds: float) -> None:
        """What the system refuses now it may not refuse in a moment; a training that goes on is left alone."""
        now = time.monotonic()
        if now < self._retry_at:
            return
        try:
            self.job = jobs.watch(job, self.path(), sweep_seconds=_STANDING_SWEEP_SECONDS)
        except OSError as error:
            self.hinder("looking after the job", error)
            self._retry_at = now + _LOOK_SECONDS
            self._stuck_at = now if self._stuck_at is None else self._stuck_at
            if now - self._stuck_at > lease_seconds:
                self._abort(job, text_of(error))
        else:
            self._stuck_at = None
            self.ease("looking after the job")

    def _abort(self, job: jobs.Running, why: str) -> None:
        """End what is left of it, as far as the system can, and let go."""
        # Ranks and loader workers die with it.
        job.launched.process.kill()
        try:
            sweep(jobs.journal_of(self.path()), within_seconds=_STANDING_SWEEP_SECONDS)
        except TimeoutError as error:
            why = f"{why}; {error}"
        with contextlib.suppress(subprocess.TimeoutExpired):
            job.launched.process.wait(timeout=_STANDING_SWEEP_SECONDS)
        self.give_up(why)


def text_of(error: OSError) -> str:
    """In words, with the file that it is about."""
    text = error.strerror or str(error)
    return f"{text}: {error.filename}" if error.filename else text
