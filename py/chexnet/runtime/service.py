"""The agent's loop: answer the driver, look after the job, send what the journal says."""

import json
import logging
import os
import time
from dataclasses import dataclass, field
from pathlib import Path

from chexnet.runtime import job as jobs
from chexnet.runtime.door import Door
from chexnet.runtime.journal import Log, stamped
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
    encode_event,
)
from chexnet.runtime.tail import JournalReader

log = logging.getLogger("agent")

WINDOW = 500
_TICK_SECONDS = 0.025
_HEARTBEAT_SECONDS = 1.0
_STOP_GRACE_SECONDS = 25.0
_LOOK_SECONDS = 1.0


@dataclass(slots=True)
class _Subscriber:
    identity: bytes
    reader: JournalReader
    acknowledged: int
    # A line that its queue had no room for.
    unsent: tuple[int, bytes] | None = None


@dataclass(slots=True)
class Service:
    """Everything that the agent knows. `stop` may be called by a signal handler."""

    directory: Path
    door: Door
    epoch: str
    lease_seconds: float
    _job: jobs.JobState = field(default_factory=jobs.Idle, init=False)
    _subscriber: _Subscriber | None = field(default=None, init=False)
    _peers: dict[bytes, float] = field(default_factory=dict, init=False)
    _heard_at: float = field(default_factory=time.monotonic, init=False)
    _beat_at: float = field(default=0.0, init=False)
    _looked_at: float = field(default=0.0, init=False)
    _leaving: str | None = field(default=None, init=False)

    def run(self) -> None:
        """Until there is nothing left to do."""
        while not self._finished():
            for identity, frame in self.door.wait(_TICK_SECONDS):
                self._receive(identity, frame)
            if isinstance(self._job, jobs.Running):
                self._job = jobs.watch(self._job, self.directory)
            self._send_events()
            self._beat()
            self._check_lease()
            if self._is_forsaken():
                return

    def stop(self, because: str) -> None:
        """Let the job save and stop, then leave."""
        self._leaving = self._leaving or because
        if isinstance(self._job, jobs.Running):
            jobs.cancel(self._job, _STOP_GRACE_SECONDS)

    def _finished(self) -> bool:
        if isinstance(self._job, jobs.Running):
            return False
        if self._leaving is not None:
            log.info("leaving: %s", self._leaving)
            return True
        return isinstance(self._job, jobs.Ended) and self._all_taken()

    def _all_taken(self) -> bool:
        subscriber = self._subscriber
        if subscriber is None or subscriber.unsent is not None or subscriber.acknowledged < subscriber.reader.seq:
            return False
        # All that was read is acknowledged; is there more?
        return subscriber.acknowledged > 0 and not self._next_line(subscriber)

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
                return Done(request, True, {"epoch": self.epoch, "version": VERSION, "state": self._job.state})
            case Submit(id=request):
                return self._submit(message)
            case Shutdown(id=request):
                self._leaving = "shutdown"
                return Done(request, True, {"state": self._job.state})
            case Ack():
                if self._subscriber is not None and self._subscriber.identity == identity:
                    self._subscriber.acknowledged = max(self._subscriber.acknowledged, message.seq)
                return None
        job = self._job
        if isinstance(job, jobs.Idle) or job.submit.job != message.job:
            return Refused(message.id, False, Refusal("unknown-job", f"this agent has no job {message.job}"))
        match message:
            case Attach():
                self._attach(identity, message.after)
            case Cancel() if isinstance(job, jobs.Running):
                log.info("cancel, grace %g s", message.grace_seconds)
                jobs.cancel(job, message.grace_seconds)
        return Done(message.id, True, self._state())

    def _submit(self, submit: Submit) -> Done | Refused:
        job = self._job
        if not isinstance(job, jobs.Idle):
            if job.submit.job != submit.job:
                return Refused(submit.id, False, Refusal("busy", f"this agent has the job {job.submit.job}"))
            return Done(submit.id, True, {"created": False, **self._state()})
        if Path(submit.dir).resolve() != self.directory:
            return Refused(submit.id, False, Refusal("failed", f"this agent works in {self.directory}"))
        self._job = jobs.start(submit, self.directory)
        log.info("attempt %d of job %s: %d ranks of %s", self._job.attempt, submit.job, submit.ranks, submit.module)
        return Done(submit.id, True, {"created": True, **self._state()})

    def _state(self) -> dict[str, object]:
        job = self._job
        if isinstance(job, jobs.Idle):
            return {"state": job.state, "attempt": None, "code": None}
        code = job.exited.code if isinstance(job, jobs.Ended) else None
        return {"state": job.state, "attempt": job.attempt, "code": code}

    def _attach(self, identity: bytes, after: int) -> None:
        if self._subscriber is not None:
            self._subscriber.reader.close()
        reader = JournalReader(str(jobs.journal_of(self.directory)))
        reader.skip_to(after)
        self._subscriber = _Subscriber(identity, reader, acknowledged=reader.seq)
        log.info("a driver attached after event %d", after)

    def _send_events(self) -> None:
        subscriber, job = self._subscriber, self._job
        if subscriber is None or isinstance(job, jobs.Idle):
            return
        while subscriber.reader.seq - subscriber.acknowledged < WINDOW or subscriber.unsent is not None:
            if not self._next_line(subscriber) or subscriber.unsent is None:
                return
            seq, line = subscriber.unsent
            if not self.door.send(subscriber.identity, encode_event(job.submit.job, seq, _readable(seq, line))):
                return
            subscriber.unsent = None

    def _next_line(self, subscriber: _Subscriber) -> bool:
        if subscriber.unsent is None:
            subscriber.unsent = next(iter(subscriber.reader.read(1)), None)
        return subscriber.unsent is not None

    def _beat(self) -> None:
        now = time.monotonic()
        if now - self._beat_at < _HEARTBEAT_SECONDS:
            return
        self._beat_at = now
        frame = encode(Heartbeat(self.epoch, time.time()))
        self._peers = {peer: at for peer, at in self._peers.items() if now - at < self.lease_seconds}
        for peer in self._peers:
            self.door.send(peer, frame)

    def _check_lease(self) -> None:
        # A job that runs needs no driver: its journal tells the next one everything.
        if isinstance(self._job, jobs.Running) or self._leaving is not None:
            return
        if time.monotonic() - self._heard_at > self.lease_seconds:
            self._leaving = f"nothing to do, and no word from a driver for {self.lease_seconds:g} s"

    def _is_forsaken(self) -> bool:
        """Whether the folder was removed: then nobody can find the job any more, and it has nowhere to write."""
        now = time.monotonic()
        if now - self._looked_at < _LOOK_SECONDS:
            return False
        self._looked_at = now
        try:
            os.stat(self.directory)
            return False
        except FileNotFoundError:
            log.warning("leaving: %s was removed", self.directory)
        except OSError:
            return False  # A file server that is away for a while.
        jobs.clear(self.directory)
        return True


def _readable(seq: int, line: bytes) -> bytes:
    # A damaged line keeps its number, else the driver would wait for it for ever.
    try:
        if isinstance(json.loads(line), dict):
            return line
    except (ValueError, RecursionError):
        pass
    note = Log(rank=0, stream="stderr", line=f"line {seq} of the journal cannot be read")
    return json.dumps(stamped(note, at=0.0)).encode()


def _error_code(code: str) -> ErrorCode:
    match code:
        case "version" | "malformed" | "unknown-kind" | "unknown-field":
            return code
        case _:
            return "failed"
