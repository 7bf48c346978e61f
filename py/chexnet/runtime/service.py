"""The agent's loop: answer the driver, look after the job, send what the journal says."""

import logging
import os
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from chexnet.runtime import job as jobs
from chexnet.runtime.door import Door
from chexnet.runtime.drivers import Drivers
from chexnet.runtime.follower import Follower
from chexnet.runtime.protocol import (
    VERSION,
    Ack,
    Attach,
    Cancel,
    Done,
    DriverMessage,
    ErrorCode,
    Heartbeat,
    Hello,
    ProtocolError,
    Refusal,
    Refused,
    Shutdown,
    Submit,
    decode_driver_message,
    encode,
)
from chexnet.runtime.work import OneJob, Standing, Work

log = logging.getLogger("agent")

_TICK_SECONDS = 0.025
# With nothing to look after; a message is heard at once.
_IDLE_TICK_SECONDS = 0.25
_HEARTBEAT_SECONDS = 1.0
_STOP_GRACE_SECONDS = 25.0
# A driver says hello every few seconds; heard within so many, it lives.
_PRESENT_SECONDS = 10.0
# Between two tries to read a journal that cannot be read.
_RETRY_SECONDS = 1.0
_READING = "reading the journal"
# How long a standing agent that was told to end waits for its driver to take the last events.
_FAREWELL_SECONDS = 5.0


@dataclass(slots=True)
class Service:
    """Everything that the agent knows. `stop` may be called by a signal handler."""

    work: Work
    door: Door
    epoch: str
    # Version of the program that started it; None when it did not say.
    program: str | None = None
    _follower: Follower | None = field(default=None, init=False)
    _drivers: Drivers = field(default_factory=Drivers, init=False)
    # Monotonic: when the journal may be read again.
    _read_at: float = field(default=0.0, init=False)
    _heard_at: float = field(default_factory=time.monotonic, init=False)
    _beat_at: float = field(default=0.0, init=False)
    # No driver was heard for as long as the lease.
    _is_alone: bool = field(default=False, init=False)
    _leaving: str | None = field(default=None, init=False)
    # It must not only leave, but end the job that runs.
    _is_stopped: bool = field(default=False, init=False)
    # Its driver has no more use for the job.
    _is_dismissed: bool = field(default=False, init=False)

    def run(self) -> None:
        """Until there is nothing left to do."""
        while not self._finished():
            is_idle = isinstance(self.work.job, jobs.Idle)
            for identity, frame in self.door.wait(_IDLE_TICK_SECONDS if is_idle else _TICK_SECONDS):
                self._receive(identity, frame)
            self._stop_job()
            self.work.watch()
            self._send_events()
            self._beat()
            self._check_lease()
            if self.work.is_forsaken():
                if isinstance(self.work.post, OneJob):
                    return
                self._part()

    def stop(self, because: str) -> None:
        """Let the job save and stop, then leave."""
        # The loop does it: a signal may come while the job is being started.
        self._leaving, self._is_stopped = self._leaving or because, True

    def _finished(self) -> bool:
        job, stands = self.work.job, isinstance(self.work.post, Standing)
        if isinstance(job, jobs.Running):
            return False
        is_over = isinstance(job, jobs.Ended) and (self._is_dismissed or self._is_all_taken())
        if self._leaving is None:
            if stands and (is_over or self._is_left()):
                self._part()
            return is_over and not stands
        if stands and isinstance(job, jobs.Ended) and not is_over and self._follower is not None:
            # On another machine nobody sees that an agent goes: the driver must hear how its job ended.
            return time.monotonic() - self.work.ended_at > _FAREWELL_SECONDS
        log.info("leaving: %s", self._leaving)
        return True

    def _send_events(self) -> None:
        follower, job = self._follower, self.work.name()
        if job is None and follower is not None:
            self._part()  # It was given up.
        elif job is not None and follower is not None:
            self._read(lambda: follower.send_lines(self.door, job))

    def _is_all_taken(self) -> bool:
        return self._follower is not None and self._read(self._follower.has_taken_all) is True

    def _read(self, of_journal: Callable[[], bool | None]) -> bool | None:
        """What it returns; None while a standing agent cannot read the journal, by which it must not lose the job."""
        if time.monotonic() < self._read_at:
            return None
        try:
            result = of_journal()
        except OSError as error:
            if isinstance(self.work.post, OneJob):
                raise
            self.work.hinder(_READING, error)
            self._read_at = time.monotonic() + _RETRY_SECONDS
            return None
        self.work.ease(_READING)
        return result

    def _is_left(self) -> bool:
        """Whether nobody comes for the end of the job, or nobody can be given it. The journal keeps it."""
        post = self.work.post
        if isinstance(post, OneJob) or not isinstance(self.work.job, jobs.Ended):
            return False
        if time.monotonic() - self.work.ended_at < post.lease_seconds:
            return False
        return self.work.is_hindered(_READING) or self._drivers.silence_of_holder() > post.lease_seconds

    def _part(self) -> None:
        """The job is over for everybody: be ready for another one."""
        if self._follower is not None:
            self._follower.close()
        self._follower, self._is_dismissed, self._read_at = None, False, 0.0
        self._drivers.hold(None)
        trouble = self.work.trouble()
        if self.work.is_hindered(_READING) and trouble is not None:
            self.work.give_up(trouble)
        else:
            self.work.let_go()
        log.info("idle")

    def _stop_job(self) -> None:
        job = self.work.job
        if self._is_stopped and isinstance(job, jobs.Running) and job.kill_at is None:
            jobs.cancel(job, _STOP_GRACE_SECONDS)

    def _receive(self, identity: bytes, frame: bytes) -> None:
        try:
            message = decode_driver_message(frame)
        except ProtocolError as error:
            log.warning("protocol error (%s): %s", error.code, error)
            refusal = Refusal(_error_code(error.code), str(error))
            self.door.send(identity, encode(Refused(error.request, False, refusal)))
            return
        self._heard_at = time.monotonic()
        self._drivers.heard(identity)
        answer = self._answer(identity, message)
        if answer is not None:
            self.door.send(identity, encode(answer))

    def _answer(self, identity: bytes, message: DriverMessage) -> Done | Refused | None:
        match message:
            case Hello(id=request):
                return Done(request, True, self._introduction())
            case Submit(id=request):
                return self._submit(identity, message)
            case Shutdown(id=request):
                return self._dismiss(identity, request)
            case Ack():
                if self._follower is not None and self._follower.identity == identity:
                    self._follower.acknowledge(message.seq)
                return None
        if self.work.name() != message.job or not self._drivers.means(identity, self.work.path()):
            return Refused(message.id, False, Refusal("unknown-job", f"this agent has no job {message.job}"))
        if isinstance(message, Attach):
            return self._attach(identity, message)
        self._cancel(message)
        return Done(message.id, True, self.work.state())

    def _introduction(self) -> dict[str, object]:
        return {
            "epoch": self.epoch,
            "version": VERSION,
            "program": self.program,
            "host": socket.gethostname(),
            "state": self.work.job.state,
            "job": self.work.name(),
            "dir": None if self.work.name() is None else str(self.work.path()),
            "driver": None if self._follower is None else self._follower.name,
            "trouble": self.work.trouble(),
        }

    def _submit(self, identity: bytes, submit: Submit) -> Done | Refused:
        # State directories with the same configuration have jobs of the same name.
        folder = Path(os.path.realpath(submit.dir))
        self._drivers.asked(identity, folder)
        is_namesake = self.work.name() == submit.job
        if is_namesake and folder == self.work.path():
            if isinstance(self.work.job, jobs.Ended):
                self._drivers.hold(identity)
            return Done(submit.id, True, {"created": False, **self.work.state()})
        refusal = self._make_room(identity, is_namesake=is_namesake) or self.work.begin(submit)
        if refusal is not None:
            return Refused(submit.id, False, refusal)
        self._drivers.hold(identity)
        return Done(submit.id, True, {"created": True, **self.work.state()})

    def _make_room(self, identity: bytes, *, is_namesake: bool) -> Refusal | None:
        """Let go of another job that has ended, where nobody comes for its last events: its journal keeps them."""
        job, stands = self.work.job, isinstance(self.work.post, Standing)
        if isinstance(job, jobs.Idle):
            return None
        driver = "whose driver is gone" if self._follower is None else f"of {self._follower.name}"
        text = f"this agent has the job {job.submit.job} in {self.work.path()}, {driver}"
        silent_seconds = self._drivers.silence_of_holder(than=identity)
        if not stands or isinstance(job, jobs.Running) or silent_seconds <= _PRESENT_SECONDS:
            return Refusal("busy", text)
        self._part()
        # The driver took it for its own, and has prepared nothing yet.
        return Refusal("busy", f"{text}; it has ended and makes room") if is_namesake else None

    def _dismiss(self, identity: bytes, request: str) -> Done:
        """A driver has no more use for the job: one job's agent leaves, a standing one is idle once it has ended."""
        if isinstance(self.work.post, OneJob):
            self._leaving = self._leaving or "shutdown"
        elif self.work.name() is not None and self._may_dismiss(identity):
            self._is_dismissed = True
        return Done(request, True, {"state": self.work.job.state})

    def _may_dismiss(self, identity: bytes) -> bool:
        # The message may come late, and from the driver of the job before.
        is_nobodys = self._drivers.silence_of_holder(than=identity) > _PRESENT_SECONDS
        return is_nobodys and self._drivers.means(identity, self.work.path())

    def _attach(self, identity: bytes, attach: Attach) -> Done | Refused:
        follower = self._follower
        silent_seconds = self._drivers.silence(None if follower is None else follower.identity, than=identity)
        if silent_seconds < _PRESENT_SECONDS and not attach.take_over and self._follower is not None:
            text = f"{self._follower.name} follows it and was heard {silent_seconds:.0f} s ago"
            return Refused(attach.id, False, Refusal("taken", text))
        if self._follower is not None:
            self._follower.close()
        self._is_dismissed, self._read_at = False, 0.0
        self._drivers.hold(identity)
        journal = jobs.journal_of(self.work.path())
        self._follower = Follower.begin(identity, attach.driver, journal, after=attach.after)
        log.info("%s attached after event %d", attach.driver, attach.after)
        return Done(attach.id, True, self.work.state())

    def _cancel(self, cancel: Cancel) -> None:
        if isinstance(self.work.job, jobs.Running):
            log.info("cancel, grace %g s", cancel.grace_seconds)
            jobs.cancel(self.work.job, cancel.grace_seconds)

    def _beat(self) -> None:
        now = time.monotonic()
        if now - self._beat_at < _HEARTBEAT_SECONDS:
            return
        self._beat_at = now
        frame = encode(Heartbeat(self.epoch, time.time()))
        for peer in self._drivers.present():
            self.door.send(peer, frame)

    def _check_lease(self) -> None:
        post = self.work.post
        if self._leaving is not None or isinstance(post, Standing):
            return
        was_alone, self._is_alone = self._is_alone, time.monotonic() - self._heard_at > post.lease_seconds
        if not self._is_alone:
            return
        silence = f"no word from a driver for {post.lease_seconds:g} s"
        if not isinstance(self.work.job, jobs.Running):
            self._leaving = f"nothing to do, and {silence}"
        # A job that runs needs no driver: its journal tells the next one everything.
        elif not was_alone:
            log.info("%s: the job goes on", silence)


def _error_code(code: str) -> ErrorCode:
    match code:
        case "version" | "malformed" | "unknown-kind" | "unknown-field":
            return code
        case _:
            return "failed"
