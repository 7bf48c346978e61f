"""How an attempt ended, and which rank is to blame."""

import contextlib
import re
import signal
from dataclasses import dataclass
from pathlib import Path

from chexnet.runtime.failure import RankError, error_of, read_error_file
from chexnet.runtime.journal import Exited, JobError

_SUMMARY_BYTES = 65_536
_PROBE_BYTES = 65_536
_SUMMARY = re.compile(r"rank\s*: (\d+) \(local_rank: (\d+)\)\s+exitcode\s*: (-?\d+)")
_LOST_PEER = re.compile(r"gloo|nccl|hccl|connection|broken pipe|DistNetworkError|DistBackendError", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Suspect:
    rank: int
    exit_code: int | None
    error: RankError | None


def exited(return_code: int, folder: Path, *, cancelled: bool, torchrun: bool) -> Exited:
    """The last event of an attempt. `return_code` as subprocess gives it, negative for a signal."""
    if cancelled:
        return Exited(code=None, signal="SIGTERM", rank=None, error=None)
    if return_code == 0:
        return Exited(code=0, signal=None, rank=None, error=None)
    suspects = _suspects(folder) if torchrun else [_Suspect(0, return_code, _own_error(folder))]
    # torchrun itself was killed: what became of its ranks is the consequence.
    if not suspects or (torchrun and return_code < 0):
        return _ended(return_code, None, _refusal_of(folder) if return_code > 0 else None)
    culprit = min(suspects, key=_innocence)
    code = return_code if culprit.exit_code is None else culprit.exit_code
    error = _error_of(culprit)
    return _ended(code, culprit.rank, _refusal_of(folder) if error is None and code > 0 else error)


def _suspects(folder: Path) -> list[_Suspect]:
    errors: dict[int, RankError] = {}
    for path in sorted(folder.glob("ranks/*/attempt_0/*/error.json")):
        error = read_error_file(path, int(path.parent.name))
        if error is not None:
            errors[int(path.parent.name)] = error
    # torchrun prints how each rank ended, and this text is the only place where it says so for a signal.
    codes = {int(local): int(code) for _, local, code in _SUMMARY.findall(_end_of(folder / "launcher.log"))}
    return [_Suspect(rank, codes.get(rank), errors.get(rank)) for rank in sorted(codes.keys() | errors.keys())]


def _innocence(suspect: _Suspect) -> tuple[int, float]:
    at = suspect.error.at if suspect.error else 0.0
    code, error = suspect.exit_code, suspect.error
    if error is not None and error.error.hint is not None:
        return 0, at
    if code is not None and code < 0 and code not in (-signal.SIGTERM, -signal.SIGABRT):
        return 1, at
    # When one rank fails, the others lose their peer and fail too, or are told to stop by torchrun.
    if error is not None:
        return (5 if _LOST_PEER.search(f"{error.error.type} {error.error.message}") else 2), at
    if code is not None and code > 0:
        return 3, at
    return (4 if code == -signal.SIGABRT else 6), at


def _error_of(suspect: _Suspect) -> JobError | None:
    # An error file beside a death by signal tells of an exception that did not end the process.
    killed = suspect.exit_code is not None and suspect.exit_code < 0
    return None if suspect.error is None or killed else suspect.error.error


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


def _own_error(folder: Path) -> RankError | None:
    return read_error_file(folder / "error.json", 0)


def _ended(code: int, rank: int | None, error: JobError | None) -> Exited:
    if code >= 0:
        return Exited(code=code, signal=None, rank=rank, error=error)
    known = -code in {number.value for number in signal.Signals}
    return Exited(code=None, signal=signal.Signals(-code).name if known else f"signal {-code}", rank=rank, error=error)


def _end_of(path: Path) -> str:
    try:
        with open(path, "rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - _SUMMARY_BYTES))
            return file.read().decode(errors="replace")
    except OSError:
        return ""
