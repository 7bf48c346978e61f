"""Trainings stopped or killed at random moments, compared with undisturbed ones: `npm run bench interruptions`.

Compared are weights, batch-norm statistics of every rank, moving average, optimizer state and random state of the last
checkpoint, and the model files, bit for bit. Exit code 1 when anything differs.
"""

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from chexnet.training.checkpoint import checkpoint_name, read_checkpoint
from chexnet.training.files import sha256_of
from tests.results import EVERYTHING, newest_step
from tests.rig import Artifacts, Forge, Forged, make_artifacts, start_forge, train_arguments
from tests.tiny import TINY

SCHEMA = "pipeline/bench-interruptions/v1"
_TRAIN = "chexnet.training.train"
_SIGNALS = (signal.SIGTERM, signal.SIGKILL)
_STEPS = 12
_SMALL: dict[str, object] = {**EVERYTHING, "batch_size": 6, "accumulate": 1, "checkpoint_steps": 100}


@dataclass(frozen=True, slots=True)
class Jobs:
    """What trainings are started with."""

    forge: Forge
    module: str


@dataclass(frozen=True, slots=True)
class Interruption:
    """`step`: the last one reported when the signal was sent; `kept`: that of the newest checkpoint after it."""

    ranks: int
    training: int
    signal: str
    step: int
    kept: int


@dataclass(frozen=True, slots=True)
class Compared:
    """A training that came to its end after `interruptions`. `differs`: parts that are not bit-equal."""

    ranks: int
    training: int
    interruptions: int
    differs: list[str]


def main() -> int:
    options = _parse()
    begun, chance = time.monotonic(), random.Random(options.seed)
    interruptions: list[Interruption] = []
    trainings: list[Compared] = []
    jobs = Jobs(start_forge(), TINY if options.tiny else _TRAIN)
    with tempfile.TemporaryDirectory(prefix="bench-interruptions-") as scratch:
        folder = Path(scratch)
        artifacts = make_artifacts(folder / "artifacts")
        for ranks, count in _shares(options.ranks, options.count):
            undisturbed = folder / f"{ranks}-undisturbed"
            _to_the_end(jobs, artifacts, undisturbed, ranks)
            left = count
            while left > 0:
                number = len(trainings) + 1
                disturbed = folder / f"{ranks}-{number}"
                found = list(_disturb(jobs, artifacts, disturbed, (ranks, number, left), chance))
                left -= len(found)
                differs = _differences(disturbed, undisturbed)
                trainings.append(Compared(ranks, number, len(found), differs))
                interruptions += found
                _tell(trainings[-1], found)
    jobs.forge.close()
    record = {
        "schema": SCHEMA,
        "torch": torch.__version__,
        "cores": os.cpu_count(),
        "seconds": round(time.monotonic() - begun, 1),
        "network": "eleven layers" if options.tiny else "DenseNet-121",
        "steps": _STEPS,
        "interruptions": [asdict(one) for one in interruptions],
        "trainings": [asdict(one) for one in trainings],
    }
    if options.out is not None:
        options.out.write_text(json.dumps(record, indent=1) + "\n")
    _table(interruptions, trainings)
    return 1 if any(one.differs for one in trainings) else 0


def _tell(training: Compared, found: Sequence[Interruption]) -> None:
    front = f"  {training.ranks} ranks, training {training.training:2}: "
    for one in found:
        print(f"{front}{one.signal} after step {one.step:2}, taken up after step {one.kept:2}")
    print(f"{front}{'DIFFERS: ' + ', '.join(training.differs) if training.differs else 'same bits'}", flush=True)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="npm run bench interruptions --", description="Interrupt trainings.")
    parser.add_argument("--count", type=int, default=50, help="interruptions, over all numbers of ranks")
    parser.add_argument("--ranks", default="1,2,3", help="numbers of ranks, with commas between")
    parser.add_argument("--tiny", action="store_true", help="a network of eleven layers in place of DenseNet-121")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("--out", type=Path, help="where the record goes, as JSON")
    options = parser.parse_args()
    options.ranks = [int(text) for text in options.ranks.split(",")]
    return options


def _shares(ranks: Sequence[int], count: int) -> Iterator[tuple[int, int]]:
    whole, rest = divmod(count, len(ranks))
    return ((number, whole + (1 if at < rest else 0)) for at, number in enumerate(ranks))


def _disturb(
    jobs: Jobs, artifacts: Artifacts, folder: Path, which: tuple[int, int, int], chance: random.Random
) -> Iterator[Interruption]:
    """At most so many interruptions of one training, until it is done. `which`: ranks, number, most interruptions."""
    ranks, number, most = which
    for _ in range(most):
        params = {**_SMALL, "ranks": ranks, "checkpoint_steps": chance.choice((1, 2, 3))}
        running = jobs.forge.start(jobs.module, train_arguments(artifacts, folder, **params), folder, ranks=ranks)
        goal = newest_step(folder / "resume") + chance.randint(1, 4)
        step, seconds = _until_step(running, goal)
        if step is None:
            _end(running, None, folder)
            return
        # Somewhere in the next step, or in the checkpoint before it.
        time.sleep(chance.random() * seconds)
        number_of = chance.choice(_SIGNALS)
        _end(running, number_of, folder)
        yield Interruption(ranks, number, number_of.name, step, newest_step(folder / "resume"))
    _to_the_end(jobs, artifacts, folder, ranks)


def _until_step(running: Forged, goal: int) -> tuple[int | None, float]:
    """The step, once it is reported, and the seconds that it took; None when the training ended before."""
    for event in running.events:
        if event["type"] == "summary":
            return None, 0.0
        if event["type"] == "steps" and int(str(event["first_step"])) >= goal:
            (seconds,) = event["step_seconds"] if isinstance(event["step_seconds"], list) else (0.0,)
            return int(str(event["first_step"])), float(seconds)
    return None, 0.0


def _end(running: Forged, number: signal.Signals | None, folder: Path) -> None:
    code = running.forge.wait() if number is None else running.end(number)
    # A training that was about to end may end well before it notices.
    if code not in (0, 128 + signal.SIGTERM, -signal.SIGKILL):
        raise AssertionError(f"exit code {code}: {(folder / 'stderr.log').read_text()}")


def _to_the_end(jobs: Jobs, artifacts: Artifacts, folder: Path, ranks: int) -> None:
    ended = jobs.forge.run(jobs.module, train_arguments(artifacts, folder, **_SMALL, ranks=ranks), folder, ranks=ranks)
    if ended.code != 0:
        raise AssertionError(ended.stderr)


def _differences(left: Path, right: Path) -> list[str]:
    name = checkpoint_name(_STEPS)
    ours, theirs = (read_checkpoint(folder / "resume", _STEPS).tensors for folder in (left, right))
    parts = [part for part in ours.keys() | theirs.keys() if not _equal(ours.get(part), theirs.get(part))]
    files = [
        file for file in ("best.pt", "last.pt") if sha256_of(left / "out" / file) != sha256_of(right / "out" / file)
    ]
    return sorted(f"{name}: {part}" for part in parts) + files


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, torch.Tensor):
        return isinstance(other, torch.Tensor) and torch.equal(one, other)
    if isinstance(one, dict):
        return (
            isinstance(other, dict) and one.keys() == other.keys() and all(_equal(one[key], other[key]) for key in one)
        )
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(_equal, one, other))
    return bool(one == other)


def _table(interruptions: Sequence[Interruption], trainings: Sequence[Compared]) -> None:
    print(f"  {'ranks':>5}  {'SIGTERM':>7}  {'SIGKILL':>7}  {'trainings':>9}  {'bit-equal':>9}")
    for ranks in sorted({one.ranks for one in trainings}):
        ends = [one.signal for one in interruptions if one.ranks == ranks]
        own = [one for one in trainings if one.ranks == ranks]
        same = sum(not one.differs for one in own)
        print(f"  {ranks:5}  {ends.count('SIGTERM'):7}  {ends.count('SIGKILL'):7}  {len(own):9}  {same:9}")


if __name__ == "__main__":
    sys.exit(main())
