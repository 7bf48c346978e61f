"""Checkpoints in the resume folder: the last two, each with the best model that it knows of."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from chexnet.mistakes import UserError
from chexnet.training.files import Written, sha256_of, write_bytes, write_tensors
from chexnet.training.progress import Progress, progress_from_plain, progress_to_plain
from chexnet.training.step_log import STEPS_FILE
from chexnet.training.tensors_file import read_tensors

SCHEMA = "chexnet/checkpoint/v1"
LATEST_FILE = "latest.json"

_LATEST_SCHEMA = "chexnet/checkpoints/v1"
_KEPT = 2


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A checkpoint as read. `tensors`: weights, statistics by rank, optimizer, averages, random state."""

    progress: Progress
    identity: str
    best: Written | None
    tensors: dict[str, Any]

    @property
    def ranks(self) -> int:
        """How many wrote it."""
        return len(self.tensors["statistics"])


def checkpoint_name(step: int) -> str:
    return f"checkpoint-{step:08d}.pt"


def best_name(epoch: int) -> str:
    return f"best-{epoch:04d}.pt"


def save_checkpoint(folder: Path, snapshot: Snapshot) -> Written:
    """Write it, make it the latest, and only then remove what no kept checkpoint needs. For rank 0.

    Raises OSError when the disk refuses it.
    """
    progress = snapshot.progress
    content = {
        "schema": SCHEMA,
        "identity": snapshot.identity,
        "progress": progress_to_plain(progress),
        "best": None if snapshot.best is None else asdict(snapshot.best),
        **snapshot.tensors,
    }
    written = write_tensors(folder / checkpoint_name(progress.step), content)
    entry = {
        "file": written.name,
        "sha256": written.sha256,
        "bytes": written.bytes,
        "step": progress.step,
        "epoch": progress.epoch,
        "best": None if snapshot.best is None else snapshot.best.name,
    }
    known = _entries(folder)
    older = [one for one in known if one["file"] != written.name and one["step"] < progress.step]
    kept = [entry, *older][:_KEPT]
    latest = {"schema": _LATEST_SCHEMA, "checkpoints": kept}
    try:
        write_bytes(folder / LATEST_FILE, json.dumps(latest, indent=1).encode() + b"\n")
    except OSError:
        if all(one["file"] != written.name for one in known):
            # Nobody would find it, and it stands in the way of the next try.
            (folder / written.name).unlink(missing_ok=True)
        raise
    _remove_others(folder, kept)
    return written


def clear(folder: Path, best: Written | None) -> None:
    """Remove what a process left that was killed or refused while it wrote. For rank 0.

    That is every file that was not finished, and every best model that is neither `best` nor a listed checkpoint's.
    """
    for unfinished in folder.glob("*.tmp"):
        unfinished.unlink(missing_ok=True)
    listed = _entries(folder)
    if not listed and any(folder.glob("checkpoint-*.pt")):
        # The list is lost; nobody knows which best models these need.
        return
    needed = {str(entry["best"]) for entry in listed} | ({best.name} if best is not None else set())
    for model in folder.glob("best-*.pt"):
        if model.name not in needed:
            model.unlink(missing_ok=True)


def find_checkpoint(folder: Path, identity: str, say: Callable[[str], None]) -> int | None:
    """The step of the newest checkpoint that is whole and of this training. For rank 0.

    `say` is told of every one that is passed over, why, and what is done instead.
    """
    passed_over = False
    for step, sha256 in _candidates(folder, say):
        path = folder / checkpoint_name(step)
        fault = _fault(path, sha256, identity)
        if fault is None:
            if passed_over:
                say(f"training goes on from the checkpoint before, of step {step}")
            return step
        say(f"{path} is passed over: {fault}")
        passed_over = True
    if passed_over:
        say("no checkpoint is left to go on from: training begins anew")
    return None


def read_checkpoint(folder: Path, step: int) -> Snapshot:
    """Raises UserError when it is not a checkpoint."""
    path = folder / checkpoint_name(step)
    content: dict[str, Any] = read_tensors(path)
    if content.pop("schema", None) != SCHEMA:
        raise UserError(f"{path} is not a checkpoint of this version.")
    try:
        best = content.pop("best")
        return Snapshot(
            progress=progress_from_plain(content.pop("progress")),
            identity=content.pop("identity"),
            best=None if best is None else Written(**best),
            tensors=content,
        )
    except (KeyError, TypeError) as error:
        raise UserError(f"{path} is not a checkpoint of this version ({error}).") from None


def _candidates(folder: Path, say: Callable[[str], None]) -> Sequence[tuple[int, str | None]]:
    """Steps, newest first, with their digests where latest.json is readable."""
    listed = [(int(entry["step"]), str(entry["sha256"])) for entry in _entries(folder)]
    files = sorted(folder.glob("checkpoint-*.pt"), reverse=True)
    if listed or not files:
        return listed
    say(f"{folder / LATEST_FILE} is missing or damaged; the checkpoints beside it are looked at instead")
    return [(int(path.stem.removeprefix("checkpoint-")), None) for path in files]


def _entries(folder: Path) -> list[dict[str, Any]]:
    try:
        latest = json.loads((folder / LATEST_FILE).read_text(encoding="utf-8"))
        if latest["schema"] != _LATEST_SCHEMA:
            return []
        entries: list[dict[str, Any]] = latest["checkpoints"]
        return sorted(entries, key=lambda entry: -int(entry["step"]))
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _fault(path: Path, sha256: str | None, identity: str) -> str | None:
    if not path.exists():
        return "the file is missing"
    if not _is_whole(path, sha256):
        return "its content is not what was written"
    try:
        snapshot = read_checkpoint(path.parent, int(path.stem.removeprefix("checkpoint-")))
    except UserError as mistake:
        return mistake.user_message
    if snapshot.identity != identity:
        return "it belongs to a training with other settings or data"
    best = snapshot.best
    if best is not None and (
        not (path.parent / best.name).exists() or sha256_of(path.parent / best.name) != best.sha256
    ):
        return f"{best.name}, which it needs, is missing or damaged"
    steps = path.parent / STEPS_FILE
    if snapshot.progress.steps_bytes > (steps.stat().st_size if steps.exists() else 0):
        return f"{STEPS_FILE}, which it needs, is shorter than it was"
    return None


def _is_whole(path: Path, sha256: str | None) -> bool:
    if sha256 is not None:
        return sha256_of(path) == sha256
    # Where the digest is lost there are still torch's own sums, which torch.load does not look at.
    try:
        with ZipFile(path) as members:
            return members.testzip() is None
    except (BadZipFile, OSError, ValueError):
        return False


def _remove_others(folder: Path, kept: Sequence[Mapping[str, Any]]) -> None:
    needed = {str(name) for entry in kept for name in (entry["file"], entry["best"]) if name is not None}
    for pattern in ("checkpoint-*.pt", "best-*.pt", "*.pt.tmp"):
        for path in folder.glob(pattern):
            if path.name not in needed:
                path.unlink(missing_ok=True)
