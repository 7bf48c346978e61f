"""How an attempt ended, which rank is to blame, and how the others ended."""

import contextlib
import signal
from collections.abc import Collection
from pathlib import Path

from chexnet.runtime.failure import error_of, read_error_file
from chexnet.runtime.journal import LOST_PEER, NO_ANSWER, Exited, JobError, RankExit, RankFault
from chexnet.runtime.lost_peer import is_lost_peer
from chexnet.runtime.rank_files import RankEnd, ends_of_ranks

_PROBE_BYTES = 65_536
# Of one rank among many: the culprit's error is told in full beside it.
_MAX_FAULT_CHARACTERS = 300


def exited(
    return_code: int,
    folder: Path,
    *,
    ranks: int,
    torchrun: bool,
    cancelled: bool,
    hurried: Collection[int] = (),
    swept: Collection[int] = (),
) -> Exited:
    """The last event of an attempt. `return_code` as subprocess gives it, negative for a signal.

    `hurried`: pids that the agent killed since they did not end when told; `swept`: those that outlived torchrun.
    """
    ends = [RankEnd(0, return_code, read_error_file(folder / "error.json", 0))]
    if torchrun:
        ends = ends_of_ranks(folder, ranks, all_done=return_code == 0, hurried=hurried, swept=swept)
    exits = [_exit_of(end) for end in ends]
    if cancelled:
        return Exited(code=None, signal="SIGTERM", rank=None, error=None, rank_exits=exits)
    if return_code == 0:
        return Exited(code=0, signal=None, rank=None, error=None, rank_exits=exits)
    suspects = [end for end in ends if not end.swept and (end.error is not None or end.status not in (None, 0))]
    # torchrun itself was killed: what became of its ranks is the consequence.
    if not suspects or (torchrun and return_code < 0):
        return _ended(return_code, None, _refusal_of(folder) if return_code > 0 else None, exits)
    culprit = min(suspects, key=_innocence)
    code = return_code if culprit.status is None else culprit.status
    error = _error_of(culprit)
    return _ended(code, culprit.rank, _refusal_of(folder) if error is None and code > 0 else error, exits)


def unseen(folder: Path, *, ranks: int, torchrun: bool, swept: Collection[int] = ()) -> Exited:
    """The last event of an attempt whose agent was killed: nobody saw how it ended, only what it left."""
    ends = [RankEnd(0, None, read_error_file(folder / "error.json", 0))]
    if torchrun:
        ends = ends_of_ranks(folder, ranks, all_done=False, hurried=(), swept=swept)
    return Exited(code=None, signal=None, rank=None, error=None, rank_exits=[_exit_of(end) for end in ends])


def _innocence(suspect: RankEnd) -> tuple[int, float]:
    at = suspect.error.at if suspect.error else 0.0
    status, error = suspect.status, suspect.error
    if error is not None and error.error.hint is not None:
        return 0, at
    # One that had to be killed while the others waited is to blame for their waiting, but for nothing that they did.
    if suspect.forced and error is None:
        return 5, at
    if status is not None and status < 0 and status not in (-signal.SIGTERM, -signal.SIGABRT):
        return 1, at
    # When one rank fails, the others lose their peer and fail too, or are told to stop by torchrun.
    if error is not None:
        return (6 if is_lost_peer(error.error.type, error.error.message) else 2), at
    if status is not None and status > 0:
        # Told to stop by torchrun, it may have saved and said so with its status.
        return (7 if status == 128 + signal.SIGTERM else 3), at
    return (4 if status == -signal.SIGABRT else 8), at


def _error_of(end: RankEnd) -> JobError | None:
    """What it says itself, told as what it is where another rank is the cause."""
    if end.forced and end.error is None:
        waited = "the other ranks waited for it in vain, and it did not end when it was told to"
        return JobError(NO_ANSWER, waited, "", None)
    # An error file beside a death by signal tells of an exception that did not end the process.
    if end.error is None or (end.status is not None and end.status < 0):
        return None
    error = end.error.error
    if error.hint is None and is_lost_peer(error.type, error.message):
        return JobError(LOST_PEER, f"{error.type}: {error.message}", error.traceback, None)
    return error


def _exit_of(end: RankEnd) -> RankExit:
    code = end.status if end.status is not None and end.status >= 0 else None
    name = _name_of(end.status) if end.status is not None and end.status < 0 else None
    error = _error_of(end)
    fault = None if error is None else RankFault(error.type, _first_line(error.message))
    return RankExit(rank=end.rank, code=code, signal=name, error=fault)


def _first_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[0][:_MAX_FAULT_CHARACTERS] if lines else ""


def _refusal_of(folder: Path) -> JobError | None:
    """Why nothing can be written there, if so: then a process could not say either why it failed."""
    probe = folder / "probe"
    try:
        probe.write_bytes(bytes(_PROBE_BYTES))
    except OSError as error:
        return error_of(error)
    finally:
        with contextlib.suppress(OSError):
            probe.unlink(missing_ok=True)
    return None


def _ended(code: int, rank: int | None, error: JobError | None, exits: list[RankExit]) -> Exited:
    if code >= 0:
        return Exited(code=code, signal=None, rank=rank, error=error, rank_exits=exits)
    return Exited(code=None, signal=_name_of(code), rank=rank, error=error, rank_exits=exits)


def _name_of(status: int) -> str:
    known = -status in {number.value for number in signal.Signals}
    return signal.Signals(-status).name if known else f"signal {-status}"
