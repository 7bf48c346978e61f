"""Messages between the driver (DEALER) and the agent (ROUTER): one JSON object per frame, at most 1 MiB.

Mirrors pipeline/model/protocol.ts; the frames in test/contract decode and re-encode to equal JSON in both languages.
Unknown kinds, fields and versions are errors: answered and logged, never ignored.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal, NoReturn, TypeAlias, get_args

from chexnet.runtime import journal
from chexnet.runtime.shape import ShapeError, build

VERSION = 1
MAX_FRAME_BYTES = 1 << 20

ErrorCode: TypeAlias = Literal[
    "version", "malformed", "unknown-kind", "unknown-field", "unknown-job", "busy", "taken", "failed"
]


@dataclass(frozen=True, slots=True)
class Hello:
    """The first message, and every few seconds to say that the driver lives."""

    type: ClassVar[str] = "hello"
    id: str


@dataclass(frozen=True, slots=True)
class Submit:
    """Start a job unless this agent has one of that name, running or ended. `dir` is absolute.

    `token`: name of a file that the driver has just put there, for an agent on another machine to look for.
    """

    type: ClassVar[str] = "submit"
    id: str
    job: str
    dir: str
    module: str
    ranks: int
    torchrun: bool
    arguments: Mapping[str, object]
    environment: Mapping[str, str]
    token: str | None


@dataclass(frozen=True, slots=True)
class Attach:
    """Send events with a greater sequence number than `after`, first the old ones, then live.

    Refused as `taken` while another driver is heard, unless `take_over`. `driver` names this one to people.
    """

    type: ClassVar[str] = "attach"
    id: str
    job: str
    after: int
    driver: str
    take_over: bool


@dataclass(frozen=True, slots=True)
class Ack:
    """Every event up to `seq` has been taken; not answered."""

    type: ClassVar[str] = "ack"
    job: str
    seq: int


@dataclass(frozen=True, slots=True)
class Cancel:
    """SIGTERM to the ranks, which save a checkpoint; SIGKILL after the grace."""

    type: ClassVar[str] = "cancel"
    id: str
    job: str
    grace_seconds: float


@dataclass(frozen=True, slots=True)
class Shutdown:
    """The agent exits once no job runs."""

    type: ClassVar[str] = "shutdown"
    id: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request was not carried out."""

    code: ErrorCode
    message: str


@dataclass(frozen=True, slots=True)
class Done:
    """A request was carried out."""

    type: ClassVar[str] = "reply"
    id: str
    ok: Literal[True]
    value: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Refused:
    """A request was not carried out."""

    type: ClassVar[str] = "reply"
    id: str
    ok: Literal[False]
    error: Refusal


@dataclass(frozen=True, slots=True)
class Happened:
    """One line of the job's journal."""

    type: ClassVar[str] = "event"
    job: str
    seq: int
    event: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Once a second. A new `epoch` is another agent: attach again."""

    type: ClassVar[str] = "heartbeat"
    epoch: str
    unix_seconds: float


DriverMessage: TypeAlias = Hello | Submit | Attach | Ack | Cancel | Shutdown
AgentMessage: TypeAlias = Done | Refused | Happened | Heartbeat

_DRIVER_KINDS: Mapping[str, type[Any]] = {kind.type: kind for kind in get_args(DriverMessage)}
_EVENT_KINDS: Mapping[str, type[Any]] = {kind.type: kind for kind in get_args(journal.JobEvent)}


class ProtocolError(Exception):
    """A frame that is no message. `request` is its id, empty when it has none that can be read."""

    def __init__(self, code: str, message: str, request: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.request = request


def encode(message: DriverMessage | AgentMessage) -> bytes:
    """The frame of a message. Raises ValueError for a number that is not finite."""
    fields = {"v": VERSION, "type": message.type, **asdict(message)}
    return json.dumps(fields, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode()


def encode_event(job: str, seq: int, line: bytes) -> bytes:
    """The frame of a journal line (JSON, without its line end), which is passed on byte for byte."""
    return b'{"v":1,"type":"event","job":%b,"seq":%d,"event":%b}' % (json.dumps(job).encode(), seq, line)


def decode_driver_message(frame: bytes) -> DriverMessage:
    """What a driver asks. Raises ProtocolError."""
    fields, request = _open(frame)
    kind = _DRIVER_KINDS.get(str(fields["type"]))
    if kind is None:
        raise ProtocolError("unknown-kind", f"no message of type {fields['type']!r} exists", request)
    message: DriverMessage = _build(kind, fields, request)
    return message


def decode_agent_message(frame: bytes) -> AgentMessage:
    """What an agent says. Raises ProtocolError."""
    fields, request = _open(frame)
    message: AgentMessage
    match fields["type"]:
        case "reply":
            if not isinstance(fields.get("ok"), bool):
                raise ProtocolError("malformed", "reply.ok must be true or false", request)
            message = _build(Done if fields["ok"] else Refused, fields, request)
        case "event":
            happened: Happened = _build(Happened, fields, request)
            check_event(happened.event)
            message = happened
        case "heartbeat":
            message = _build(Heartbeat, fields, request)
        case kind:
            raise ProtocolError("unknown-kind", f"no message of type {kind!r} exists", request)
    return message


def check_event(event: Mapping[str, object]) -> None:
    """Raises ProtocolError unless `event` is a job event as the journal holds it."""
    kind = _EVENT_KINDS.get(str(event.get("type")))
    if kind is None:
        raise ProtocolError("unknown-kind", f"no event of type {event.get('type')!r} exists")
    if not isinstance(event.get("at"), int | float) or isinstance(event.get("at"), bool):
        raise ProtocolError("malformed", "event.at must be a number")
    if not isinstance(event.get("note", ""), str):
        raise ProtocolError("malformed", "event.note must be a text")
    values = {key: value for key, value in event.items() if key not in ("at", "type", "note")}
    try:
        build(kind, values, "event")
    except ShapeError as fault:
        raise ProtocolError(fault.code, str(fault)) from None


def _open(frame: bytes) -> tuple[dict[str, object], str]:
    if len(frame) > MAX_FRAME_BYTES:
        raise ProtocolError("malformed", f"a frame of {len(frame)} bytes is above the limit of {MAX_FRAME_BYTES}")
    try:
        fields = json.loads(frame, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as fault:
        raise ProtocolError("malformed", f"the frame is no JSON: {fault}") from None
    if not isinstance(fields, dict):
        raise ProtocolError("malformed", "the frame is no JSON object")
    identifier = fields.get("id")
    request = identifier if isinstance(identifier, str) else ""
    if fields.get("v") != VERSION or isinstance(fields.get("v"), bool):
        raise ProtocolError("version", f"this end speaks version {VERSION} only", request)
    if not isinstance(fields.get("type"), str):
        raise ProtocolError("malformed", "the message lacks the field 'type'", request)
    return fields, request


def _build(kind: type[Any], fields: Mapping[str, object], request: str) -> Any:
    try:
        values = {key: value for key, value in fields.items() if key not in ("v", "type")}
        return build(kind, values, str(fields["type"]))
    except ShapeError as fault:
        raise ProtocolError(fault.code, str(fault), request) from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
