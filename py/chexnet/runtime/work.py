"""What an agent is there for, and the job that it has: its folder, its processes, how it ended."""

import logging
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from chexnet.runtime import job as jobs
from chexnet.runtime.job_folder import JobFolder, UnfitFolderError, hold_shared
from chexnet.runtime.protocol import Refusal, Submit

log = logging.getLogger("agent")

_LOOK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class OneJob:
    """There for one job in one folder; leaves after it, and with nothing to do once no driver was heard so long."""

    folder: JobFolder
    lease_seconds: float


@dataclass(frozen=True, slots=True)
class Standing:
    """Takes one job after another, in the folders that drivers name, until a signal tells it to end."""


Post: TypeAlias = OneJob | Standing


@dataclass(slots=True)
class Work:
    """The agent's job, if it has one."""

    post: Post
    job: jobs.JobState = field(default_factory=jobs.Idle, init=False)
    # Why the last job was given up, which its journal could not be told.
    trouble: str | None = field(default=None, init=False)
    # Monotonic.
    ended_at: float = field(default=0.0, init=False)
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
            return Refusal("failed", _text_of(error))
        self.trouble = None
        log.info("attempt %d of job %s: %d ranks of %s", self.job.attempt, submit.job, submit.ranks, submit.module)
        return None

    def watch(self) -> None:
        """Look after the processes. Raises OSError when one job's agent cannot write how it ended."""
        job = self.job
        if not isinstance(job, jobs.Running):
            return
        try:
            self.job = jobs.watch(job, self.path())
        except OSError as error:
            if isinstance(self.post, OneJob):
                raise
            self._give_up(job, _text_of(error))
        if isinstance(self.job, jobs.Ended):
            self.ended_at = time.monotonic()
            log.info("job %s ended: %s", job.submit.job, self.job.exited.signal or self.job.exited.code)

    def let_go(self) -> None:
        """Be idle, and let others into the folder."""
        if self._folder is not None:
            self._folder.release()
        self._folder, self.job = None, jobs.Idle()

    def is_forsaken(self) -> bool:
        """Whether the folder was removed: then nobody can find the job any more, and it has nowhere to write."""
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
        jobs.clear(self._folder.path)
        if isinstance(self.post, Standing) and isinstance(self.job, jobs.Running):
            self._give_up(self.job, f"{self._folder.path} was removed")
        return True

    def _give_up(self, job: jobs.Running, why: str) -> None:
        log.error("gave up job %s: %s", job.submit.job, why)
        self.trouble = why
        # Ranks and loader workers die with it.
        job.launched.process.kill()
        job.launched.process.wait()
        self.let_go()


def _text_of(error: OSError) -> str:
    text = error.strerror or str(error)
    return f"{text}: {error.filename}" if error.filename else text
