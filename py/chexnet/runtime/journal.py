"""A job's journal: one JSON object per line, appended by rank 0 while it lives, else by the agent.

Line number = sequence number, from 1. Mirrors pipeline/model/job-event.ts; test/contract keeps the two equal.
Needs the standard library only, so that ranks and agents share it.
"""

import contextlib
import errno
import json
import math
import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import ClassVar, Literal, TypeAlias

from chexnet.runtime.describe import describe
from chexnet.runtime.journal_file import MAX_LINE_BYTES, sync_file, write_line

ENVIRONMENT_VARIABLE = "CHEXNET_JOURNAL"

# How the system says that nothing more can be written.
FULL_DISK = frozenset({errno.ENOSPC, errno.EDQUOT})

# In place of an exception's class: the rank only noticed that another one was gone, or was the one that others missed.
LOST_PEER = "LostPeer"
NO_ANSWER = "NoAnswer"


@dataclass(frozen=True, slots=True)
class Started:
    """The agent has started the processes of a job."""

    type: ClassVar[str] = "started"
    pid: int
    ranks: int
    attempt: int
    argv: Sequence[str]


@dataclass(frozen=True, slots=True)
class Device:
    """What the ranks compute on, and why that was chosen."""

    type: ClassVar[str] = "device"
    name: str
    description: str
    because: str
    torch: str
    ranks: int
    resumed_from_step: int | None
    resumed_from_ranks: int | None


@dataclass(frozen=True, slots=True)
class Log:
    """One line of text for people, without its line end."""

    type: ClassVar[str] = "log"
    rank: int
    stream: Literal["stdout", "stderr"]
    line: str


@dataclass(frozen=True, slots=True)
class Warned:
    """Something that people should know of although the job goes on."""

    type: ClassVar[str] = "warning"
    text: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the job is, in units of its own choice."""

    type: ClassVar[str] = "progress"
    done: int
    total: int
    unit: str


@dataclass(frozen=True, slots=True)
class Steps:
    """Consecutive optimizer steps since the last report; `images` counts those of all ranks in them."""

    type: ClassVar[str] = "steps"
    epoch: int
    first_step: int
    losses: Sequence[float | None]
    step_seconds: Sequence[float]
    images: int
    learning_rate: float


@dataclass(frozen=True, slots=True)
class EpochMetrics:
    """One row of history.csv. Loss is the mean BCE per image and finding; AUROC is macro over the defined findings."""

    train_loss: float | None
    val_loss: float | None
    val_auroc_macro: float | None
    val_auroc_defined: int
    learning_rate: float
    seconds: float
    train_seconds: float
    images_per_second: float
    step_ms_p50: float
    step_ms_p95: float
    step_ms_max: float
    loader_stall_share: float
    peak_memory_bytes: int | None
    skipped_steps: int | None
    is_best: bool


@dataclass(frozen=True, slots=True)
class Epoch:
    """An epoch has ended; `epoch` counts from 1 to `of`."""

    type: ClassVar[str] = "epoch"
    epoch: int
    of: int
    metrics: EpochMetrics


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A checkpoint is complete on disk."""

    type: ClassVar[str] = "checkpoint"
    step: int
    epoch: int
    path: str
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Summary:
    """The headline facts of a job; the last one counts."""

    type: ClassVar[str] = "summary"
    facts: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class JobError:
    """Why a rank failed. `hint`: set when the user can mend it, and then the traceback is for the log only."""

    type: str
    message: str
    traceback: str
    hint: str | None


@dataclass(frozen=True, slots=True)
class RankFault:
    """What a rank says about its end, in one line; `type` is the exception's class, LOST_PEER or NO_ANSWER."""

    type: str
    message: str


@dataclass(frozen=True, slots=True)
class RankExit:
    """How one rank ended. Neither `code` nor `signal`: nobody saw it."""

    rank: int
    code: int | None
    signal: str | None
    error: RankFault | None


@dataclass(frozen=True, slots=True)
class Exited:
    """No process of this attempt is left. `rank` is the one that failed first.

    `rank_exits` names every rank, also of an attempt that went well (then each has code 0). Of an attempt whose agent
    was killed the next agent writes this, with neither code nor signal.
    """

    type: ClassVar[str] = "exited"
    code: int | None
    signal: str | None
    rank: int | None
    error: JobError | None
    rank_exits: Sequence[RankExit]


JobEvent: TypeAlias = Started | Device | Log | Warned | Progress | Steps | Epoch | Checkpoint | Summary | Exited


@dataclass(slots=True)
class Journal:
    """Appends events to `path`; None prints them for people to stderr instead.

    `patient`: events that a full disk refuses are kept in memory and written before the next one, or by close().
    """

    path: str | None
    patient: bool = False
    _descriptor: int | None = field(default=None, init=False, repr=False)
    _held: list[bytes] = field(default_factory=list, init=False, repr=False)

    @staticmethod
    def from_environment(*, patient: bool = False) -> "Journal":
        """The journal that the agent named in CHEXNET_JOURNAL; without one (a bare torchrun) lines on stderr."""
        return Journal(os.environ.get(ENVIRONMENT_VARIABLE) or None, patient)

    def append(self, event: JobEvent | Mapping[str, object]) -> None:
        """Write one line in one write, so that a reader sees the whole line or nothing.

        Raises ValueError for a line above MAX_LINE_BYTES and OSError when the disk refuses it.
        """
        fields = stamped(event, at=round(time.time(), 3))
        if self.path is None:
            text = describe(fields)
            # What people read must not end a job that goes well: they may have sent it to a disk that is full.
            if text is not None:
                with contextlib.suppress(OSError):
                    print(text, file=sys.stderr, flush=True)
            return
        line = json.dumps(fields, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        if len(line) > MAX_LINE_BYTES:
            raise ValueError(f"a journal line of {len(line)} bytes is above the limit of {MAX_LINE_BYTES}")
        self._held.append(line)
        try:
            self._write_held(self.path)
        except OSError as error:
            if self.patient and error.errno in FULL_DISK:
                return
            self._held.clear()
            raise

    def close(self, *, sync: bool = False) -> None:
        """Close the file; `sync` waits until it is on the disk. A later append opens it again.

        Raises OSError when events that were held back are still refused.
        """
        if self.path is not None:
            self._write_held(self.path)
        if self._descriptor is None:
            return
        if sync:
            sync_file(self._descriptor)
        os.close(self._descriptor)
        self._descriptor = None

    def _write_held(self, path: str) -> None:
        while self._held:
            if self._descriptor is None:
                flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
                self._descriptor = os.open(path, flags, 0o644)
            try:
                write_line(self._descriptor, self._held[0])
            except OSError as error:
                raise OSError(error.errno, error.strerror, path) from error
            del self._held[0]


def stamped(event: JobEvent | Mapping[str, object], *, at: float) -> dict[str, object]:
    """The event as it is written: `at` (Unix seconds) and `type` first, values that are not finite as null."""
    fields = dict(event) if isinstance(event, Mapping) else {"type": event.type, **asdict(event)}
    notes: list[str] = []
    finite = {key: _finite(value, key, notes) for key, value in fields.items()}
    return {"at": at, **finite, **({"note": "; ".join(notes)} if notes else {})}


def _finite(value: object, path: str, notes: list[str]) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        if len(notes) < 8:
            notes.append(f"{path} was {value}")
        return None
    if isinstance(value, Mapping):
        return {str(key): _finite(entry, f"{path}.{key}", notes) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(entry, f"{path}[{index}]", notes) for index, entry in enumerate(value)]
    return value
