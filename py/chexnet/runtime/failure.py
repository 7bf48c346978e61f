"""How a job says why it failed: an error file beside its logs, in the layout that torchrun reads too."""

import contextlib
import errno
import json
import os
import sys
import time
import traceback
from collections.abc import Callable
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


class UserMistake(Exception):
    """Something that the user can mend. Shown as its message and hint, never with a traceback."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.user_message = message
        self.hint = hint


def recorded(main: Callable[[], int | None]) -> int:
    """Run a job's main function and write its exception, if any, where the agent finds it.

    Returns the exit code. Does what torch.distributed.elastic's @record does, with the hint and without torch.
    """
    try:
        return main() or 0
    except Exception as error:
        path = os.environ.get(ERROR_FILE_VARIABLE)
        if path:
            # The disk may be what failed.
            with contextlib.suppress(OSError):
                Path(path).write_text(json.dumps(_file_of(error_of(error))), encoding="utf-8")
        if isinstance(error, UserMistake):
            print(f"error: {error.user_message}\n  {error.hint}", file=sys.stderr)
        else:
            traceback.print_exc()
        return 1


def error_of(error: BaseException) -> JobError:
    """The exception as data: a `user_message` or a disk that refuses is the user's to mend and has a hint.

    `type` is the class, or the errno's name (ENOSPC) where _SYSTEM_HINTS has it.
    """
    trace = "".join(traceback.format_exception(error))[-_MAX_TRACEBACK_CHARACTERS:]
    if hasattr(error, "user_message"):
        hint = str(getattr(error, "hint", None) or "")
        return JobError(type(error).__name__, str(error.user_message), trace, hint)
    if isinstance(error, OSError) and error.errno in _SYSTEM_HINTS:
        text = f"{error.strerror}: {error.filename}" if error.filename else str(error.strerror)
        return JobError(errno.errorcode[error.errno], text, trace, _SYSTEM_HINTS[error.errno])
    return JobError(type(error).__name__, str(error), trace, None)


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


def _file_of(error: JobError) -> dict[str, object]:
    # torchrun wants the timestamp as text that int() takes.
    extra = {"py_callstack": error.traceback, "timestamp": str(int(time.time())), "hint": error.hint}
    return {"message": {"message": f"{error.type}: {error.message}", "extraInfo": extra}}


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
