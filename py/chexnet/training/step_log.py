"""What every step cost and lost: kept on the device, fetched at report points only."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import torch

from chexnet.accelerators.protocol import Accelerator
from chexnet.runtime.journal import Journal, Steps
from chexnet.runtime.journal import Progress as ProgressEvent
from chexnet.training.averages import on_host_exactly
from chexnet.training.progress import Tally
from chexnet.training.world import World

STEPS_FILE = "steps.ndjson"


class NonFiniteLoss(Exception):
    """The loss of `step` is not finite on these ranks. Raised on all ranks alike."""

    def __init__(self, step: int, ranks: list[int]) -> None:
        super().__init__(f"the loss of step {step} is not finite on ranks {ranks}")
        self.step = step
        self.ranks = ranks


@dataclass(frozen=True, slots=True)
class Sink:
    """Where reports go. Only rank 0 has the file."""

    world: World
    accelerator: Accelerator
    journal: Journal
    file: BinaryIO | None
    batch_size: int
    steps: int


@dataclass(slots=True)
class StepLog:
    """Collects steps. `flush` is collective and the only place where the loop waits for the device."""

    sink: Sink
    losses: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    waited: float = 0.0
    _epoch: int = 0
    _first_step: int = 0
    _pending: list[torch.Tensor] = field(default_factory=list)
    _rates: list[float] = field(default_factory=list)
    _stamps: list[object] = field(default_factory=list)

    def begin(self, epoch: int, tally: Tally) -> None:
        """Start or go on with an epoch, of which `tally` is already done."""
        self._epoch = epoch
        self.losses, self.seconds, self.waited = list(tally.losses), list(tally.seconds), tally.waited

    def start_clock(self) -> None:
        """The next step begins now; what happened since the last one is not part of it."""
        self._stamps = [self.sink.accelerator.stamp()]

    def add(self, step: int, loss: torch.Tensor, *, rate: float, waited: float) -> None:
        """Step `step` has been given to the device. `loss`: this rank's mean."""
        if not self._pending:
            self._first_step = step
        self._pending.append(loss.detach())
        self._rates.append(rate)
        self._stamps.append(self.sink.accelerator.stamp())
        self.waited += waited

    def flush(self) -> None:
        """Report the steps since the last time. Raises NonFiniteLoss."""
        if not self._pending:
            return
        self.sink.accelerator.synchronize()
        seconds = self.sink.accelerator.seconds_between(self._stamps)
        by_rank = self.sink.world.gather(on_host_exactly(torch.stack(self._pending)))
        finite = torch.isfinite(by_rank)
        if not bool(finite.all()):
            index = int((~finite.all(0)).nonzero()[0])
            raise NonFiniteLoss(self._first_step + index, (~finite[:, index]).nonzero().flatten().tolist())
        # Summed in the order of ranks, so that a report point's place does not matter.
        losses = by_rank.mean(0).tolist()
        self._write(losses, seconds)
        self.losses.extend(losses)
        self.seconds.extend(seconds)
        self._pending, self._rates = [], []
        self.start_clock()

    def sync(self) -> int:
        """Force the file onto the disk; its length."""
        if self.sink.file is None:
            return 0
        self.sink.file.flush()
        os.fsync(self.sink.file.fileno())
        return self.sink.file.tell()

    def close(self) -> None:
        if self.sink.file is not None:
            self.sink.file.close()

    def _write(self, losses: list[float], seconds: list[float]) -> None:
        if self.sink.file is None:
            return
        for index, (loss, rate, taken) in enumerate(zip(losses, self._rates, seconds, strict=True)):
            row = {
                "step": self._first_step + index,
                "epoch": self._epoch,
                "loss": loss,
                "learning_rate": rate,
                "seconds": round(taken, 6),
            }
            self.sink.file.write(json.dumps(row, allow_nan=False).encode() + b"\n")
        self.sink.journal.append(
            Steps(
                epoch=self._epoch,
                first_step=self._first_step,
                losses=losses,
                step_seconds=[round(value, 6) for value in seconds],
                images=len(losses) * self.sink.batch_size,
                learning_rate=self._rates[-1],
            )
        )
        done = self._first_step + len(losses) - 1
        self.sink.journal.append(ProgressEvent(done=done, total=self.sink.steps, unit="steps"))


def open_steps(folder: Path, length: int) -> BinaryIO:
    """The file of steps, cut back to the first `length` bytes: what a checkpoint knows of."""
    file = os.fdopen(os.open(folder / STEPS_FILE, os.O_RDWR | os.O_CREAT, 0o644), "r+b")
    file.truncate(length)
    file.seek(length)
    return file
