"""What the files of an attempt tell about each of its ranks: how it ended, and why it says it failed.

torchrun prints what it saw in launcher.log, and gives each rank a folder: ranks/<run>/attempt_0/<local rank>/. There
lie error.json (see failure.py) and rank.json, in which the rank itself keeps its pid and, at the end, its exit status.
"""

import json
import os
import re
import signal
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from chexnet.runtime.failure import ERROR_FILE_VARIABLE, RankError, read_error_file

_LOG_BYTES = 65_536
_FAILED = re.compile(r"rank\s*: (\d+) \(local_rank: (\d+)\)\s+exitcode\s*: (-?\d+)")
_TOLD = re.compile(r"Sending process (\d+) closing signal (SIG\w+)")
# Somebody told torchrun itself to end: then the ranks save, and take their time.
_ASKED = re.compile(r"Received \S+ death signal")
_FORCED = re.compile(r"Unable to shutdown process (\d+) via")


@dataclass(frozen=True, slots=True)
class RankEnd:
    """How one rank ended. `status` as subprocess gives it, negative for a signal; None where nobody saw it.

    `forced`: it lived on when torchrun told it to end, so it was killed. `swept`: it outlived torchrun.
    """

    rank: int
    status: int | None
    error: RankError | None
    forced: bool = False
    swept: bool = False


def begin_rank() -> None:
    """Called by a rank at its start: keep its pid beside its error file."""
    _write(code=None)


def end_rank(code: int) -> None:
    """Called by a rank just before it ends by itself. torchrun prints only the statuses that it saw first."""
    _write(code=code)


def told_to_end(folder: Path) -> frozenset[int]:
    """Pids of the ranks that torchrun told to end because another one had failed."""
    log = _end_of(folder / "launcher.log")
    return frozenset() if _ASKED.search(log) else frozenset(int(pid) for pid, _ in _TOLD.findall(log))


def ends_of_ranks(
    folder: Path, ranks: int, *, all_done: bool, hurried: Collection[int], swept: Collection[int]
) -> list[RankEnd]:
    """Of every rank of an attempt under torchrun.

    `hurried`: pids that the agent killed since they did not end when told; `swept`: those that outlived torchrun.
    """
    log = _end_of(folder / "launcher.log")
    seen = {int(local): int(code) for _, local, code in _FAILED.findall(log)}
    told = {int(pid): name for pid, name in _TOLD.findall(log)}
    forced = {*hurried, *(int(pid) for pid in _FORCED.findall(log))}
    found = {int(path.name): path for path in sorted(folder.glob("ranks/*/attempt_0/*")) if path.name.isdecimal()}
    ends = []
    for rank in sorted({*range(ranks), *seen, *found}):
        place = found.get(rank)
        pid, own = (None, None) if place is None else _read(place / "rank.json")
        is_forced, is_swept = pid in forced, pid in swept
        status = seen.get(rank, own)
        if status is None and all_done:
            status = 0
        if status is None and (is_forced or is_swept):
            status = -signal.SIGKILL
        if status is None and pid in told:
            status = -signal.Signals[told[pid]]
        error = None if place is None else read_error_file(place / "error.json", rank)
        ends.append(RankEnd(rank, status, error, is_forced, is_swept))
    return ends


def _write(*, code: int | None) -> None:
    errors = os.environ.get(ERROR_FILE_VARIABLE)
    if not errors:
        return
    path = Path(errors).with_name("rank.json")
    temporary = path.with_name("rank.json.tmp")
    try:
        temporary.write_text(json.dumps({"pid": os.getpid(), "code": code}), encoding="utf-8")
        temporary.replace(path)
    except OSError:
        return  # A disk that refuses it is no reason to fail: how this rank ended may then be unknown.


def _read(path: Path) -> tuple[int | None, int | None]:
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        pid, code = fields["pid"], fields["code"]
    except (OSError, ValueError, KeyError, TypeError):
        return None, None
    return pid if isinstance(pid, int) else None, code if isinstance(code, int) else None


def _end_of(path: Path) -> str:
    try:
        with open(path, "rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - _LOG_BYTES))
            return file.read().decode(errors="replace")
    except OSError:
        return ""
