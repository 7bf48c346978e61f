"""How a job says why it failed: an error file beside its logs, in the layout that torchrun reads too."""

import contextlib
import errno
import json
import os
import time
import traceback
from dataclasses import dataclass
from pathlib import Path

from chexnet.runtime.journal import JobError

ERROR_FILE_VARIABLE = "TORCHELASTIC_ERROR_FILE"

_MAX_TRACEBACK_CHARACTERS = 65_536
_SYSTEM_HINTS = {
    errno.ENOSPC: "free some space there and run again: the job goes on from its last checkpoint",
    errno.EDQUOT: "the quota is used up: free some space there and run again",
    errno.EACCES: "give this user the right to read and write there",
    errno.EROFS: "the file system is read-only: put the state folder elsewhere with --home",
}


def error_of(error: BaseException) -> JobError:
    """The exception as data: a `user_message` or a disk that refuses is the user's to mend and has a hint.

    `type` is the class, or the name of its errno (ENOSPC) where _SYSTEM_HINTS has it.
    """
    trace = "".join(traceback.format_exception(error))[-_MAX_TRACEBACK_CHARACTERS:]
    if hasattr(error, "user_message"):
        hint = str(getattr(error, "hint", None) or "")
        number = getattr(error, "errno", None)
        kind = errno.errorcode[number] if number in _SYSTEM_HINTS else type(error).__name__
        return JobError(kind, str(error.user_message), trace, hint)
    if isinstance(error, OSError) and error.errno in _SYSTEM_HINTS:
        text = f"{error.strerror}: {error.filename}" if error.filename else str(error.strerror)
        return JobError(errno.errorcode[error.errno], text, trace, _SYSTEM_HINTS[error.errno])
    return JobError(type(error).__name__, str(error), trace, None)


def write_error_file(failure: JobError) -> None:
    """Write it where the agent and torchrun look, in the layout of torchrun; a disk that refuses it is no error."""
    path = os.environ.get(ERROR_FILE_VARIABLE)
    if not path:
        return
    # torchrun prints py_callstack at its very end: for a mistake that is the message, not a trace.
    shown = failure.traceback if failure.hint is None else f"{failure.message}\n{failure.hint}".rstrip()
    # And it wants the timestamp as text that int() takes.
    extra = {"py_callstack": shown, "timestamp": str(int(time.time())), "hint": failure.hint}
    content = {"message": {"message": f"{failure.type}: {failure.message}", "extraInfo": extra}}
    with contextlib.suppress(OSError):
        Path(path).write_text(json.dumps(content), encoding="utf-8")


@dataclass(frozen=True, slots=True)
class RankError:
    """An error file: which local rank wrote it, when (Unix seconds), and what it says."""

    rank: int | None
    at: float
    error: JobError


def read_error_file(path: Path, rank: int | None) -> RankError | None:
    """Understands this module's files and those of torch's @record; None for a file that is neither."""
    try:
        message = json.loads(path.read_text(encoding="utf-8"))["message"]
        if isinstance(message, str):
            return RankError(rank, path.stat().st_mtime, _error_from(message, message, {}))
        extra = message["extraInfo"]
        text = str(extra.get("py_callstack", ""))
        return RankError(rank, float(extra["timestamp"]), _error_from(str(message["message"]), text, extra))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _error_from(message: str, trace: str, extra: dict[str, object]) -> JobError:
    kind, separator, text = message.partition(": ")
    named = bool(separator) and kind.replace(".", "").isidentifier()
    hint = extra.get("hint")
    return JobError(
        type=kind if named else "Error",
        message=text if named else message,
        traceback=trace[-_MAX_TRACEBACK_CHARACTERS:],
        hint=None if hint is None else str(hint),
    )
