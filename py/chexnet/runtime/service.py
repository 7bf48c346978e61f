"""The agent's loop: answer the driver, look after the job, send what the journal says."""

import logging
import socket
import time
from dataclasses import dataclass, field

from chexnet.runtime import job as jobs
from chexnet.runtime.door import Door
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
# A driver says hello every few seconds. Heard within the first, it lives; not within the second, it is forgotten.
_PRESENT_SECONDS = 10.0
_FORGET_SECONDS = 60.0
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
    _peers: dict[bytes, float] = field(default_factory=dict, init=False)
    _heard_at: float = field(default_factory=time.monotonic, init=False)
    _beat_at: float = field(default=0.0, init=False)
    _leaving: str | None = field(default=None, init=False)
    # Its driver has no more use for the job.
    _is_dismissed: bool = field(default=False, init=False)

    def run(self) -> None:
        """Until there is nothing left to do."""
        while not self._finished():
            is_idle = isinstance(self.work.job, jobs.Idle)
            for identity, frame in self.door.wait(_IDLE_TICK_SECONDS if is_idle else _TICK_SECONDS):
                self._receive(identity, frame)
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
        self._leaving = self._leaving or because
        if isinstance(self.work.job, jobs.Running):
            jobs.cancel(self.work.job, _STOP_GRACE_SECONDS)

    def _finished(self) -> bool:
        job, stands = self.work.job, isinstance(self.work.post, Standing)
        if isinstance(job, jobs.Running):
            return False
        is_over = isinstance(job, jobs.Ended) and (self._is_dismissed or self._is_all_taken())
        if self._leaving is None:
            if is_over and stands:
                self._part()
            return is_over and not stands
        if stands and isinstance(job, jobs.Ended) and not is_over and self._follower is not None:
            # On another machine nobody sees that an agent goes: the driver must hear how its job ended.
            return time.monotonic() - self.work.ended_at > _FAREWELL_SECONDS
        log.info("leaving: %s", self._leaving)
        return True

    def _send_events(self) -> None:
        if self._follower is None:
            return
        job = self.work.name()
        if job is None:
            self._part()  # It was given up.
        else:
            self._follower.send_lines(self.door, job)

    def _is_all_taken(self) -> bool:
        return self._follower is not None and self._follower.has_taken_all()

    def _part(self) -> None:
        """The job is over for everybody: be ready for another one."""
        if self._follower is not None:
            self._follower.close()
        self._follower, self._is_dismissed = None, False
        self.work.let_go()
        log.info("idle")

    def _receive(self, identity: bytes, frame: bytes) -> None:
        try:
            message = decode_driver_message(frame)
        except ProtocolError as error:
            log.warning("protocol error (%s): %s", error.code, error)
            refusal = Refusal(_error_code(error.code), str(error))
            self.door.send(identity, encode(Refused(error.request, False, refusal)))
            return
        self._heard_at = self._peers[identity] = time.monotonic()
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
                return self._dismiss(request)
            case Ack():
                if self._follower is not None and self._follower.identity == identity:
                    self._follower.acknowledge(message.seq)
                return None
        if self.work.name() != message.job:
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
            "driver": None if self._follower is None else self._follower.name,
            "trouble": self.work.trouble,
        }

    def _submit(self, identity: bytes, submit: Submit) -> Done | Refused:
        job = self.work.job
        if self.work.name() == submit.job:
            return Done(submit.id, True, {"created": False, **self.work.state()})
        stands = isinstance(self.work.post, Standing)
        if stands and isinstance(job, jobs.Ended) and self._silence_of_other(identity) > _PRESENT_SECONDS:
            # Nobody came for its last events; the journal in its folder keeps them.
            self._part()
        elif not isinstance(job, jobs.Idle):
            return Refused(submit.id, False, Refusal("busy", f"this agent has the job {job.submit.job}"))
        refusal = self.work.begin(submit)
        if refusal is not None:
            return Refused(submit.id, False, refusal)
        return Done(submit.id, True, {"created": True, **self.work.state()})

    def _dismiss(self, request: str) -> Done:
        """A driver has no more use for the job: one job's agent leaves, a standing one is idle once it has ended."""
        if isinstance(self.work.post, OneJob):
            self._leaving = "shutdown"
        else:
            self._is_dismissed = not isinstance(self.work.job, jobs.Idle)
        return Done(request, True, {"state": self.work.job.state})

    def _attach(self, identity: bytes, attach: Attach) -> Done | Refused:
        silent_seconds = self._silence_of_other(identity)
        if silent_seconds < _PRESENT_SECONDS and not attach.take_over and self._follower is not None:
            text = f"{self._follower.name} follows it and was heard {silent_seconds:.0f} s ago"
            return Refused(attach.id, False, Refusal("taken", text))
        if self._follower is not None:
            self._follower.close()
        self._is_dismissed = False
        journal = jobs.journal_of(self.work.path())
        self._follower = Follower.begin(identity, attach.driver, journal, after=attach.after)
        log.info("%s attached after event %d", attach.driver, attach.after)
        return Done(attach.id, True, self.work.state())

    def _cancel(self, cancel: Cancel) -> None:
        if isinstance(self.work.job, jobs.Running):
            log.info("cancel, grace %g s", cancel.grace_seconds)
            jobs.cancel(self.work.job, cancel.grace_seconds)

    def _silence_of_other(self, identity: bytes) -> float:
        """Seconds since another driver that follows the job was heard; infinite without one."""
        follower = self._follower
        if follower is None or follower.identity == identity:
            return float("inf")
        return time.monotonic() - self._peers.get(follower.identity, float("-inf"))

    def _beat(self) -> None:
        now = time.monotonic()
        if now - self._beat_at < _HEARTBEAT_SECONDS:
            return
        self._beat_at = now
        frame = encode(Heartbeat(self.epoch, time.time()))
        self._peers = {peer: at for peer, at in self._peers.items() if now - at < _FORGET_SECONDS}
        for peer in self._peers:
            self.door.send(peer, frame)

    def _check_lease(self) -> None:
        # A job that runs needs no driver: its journal tells the next one everything.
        post = self.work.post
        if isinstance(self.work.job, jobs.Running) or self._leaving is not None or isinstance(post, Standing):
            return
        if time.monotonic() - self._heard_at > post.lease_seconds:
            self._leaving = f"nothing to do, and no word from a driver for {post.lease_seconds:g} s"


def _error_code(code: str) -> ErrorCode:
    match code:
        case "version" | "malformed" | "unknown-kind" | "unknown-field":
            return code
        case _:
            return "failed"
