"""What every step cost and lost: kept on the device, fetched at report points only."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Literal

import torch

from chexnet.accelerators.protocol import Accelerator
from chexnet.runtime.journal import Journal, Steps
from chexnet.runtime.journal import Progress as ProgressEvent
from chexnet.training.averages import on_host_exactly
from chexnet.training.plan import Plan
from chexnet.training.progress import Tally
from chexnet.training.world import World

STEPS_FILE = "steps.ndjson"


class NonFinite(Exception):
    """The loss or the gradient of `step` is not finite on these ranks. Raised on all ranks alike."""

    def __init__(self, what: Literal["loss", "gradient"], step: int, ranks: list[int]) -> None:
        super().__init__(f"the {what} of step {step} is not finite on ranks {ranks}")
        self.what: Literal["loss", "gradient"] = what
        self.step = step
        self.ranks = ranks


@dataclass(frozen=True, slots=True)
class Sink:
    """Where reports go. Only rank 0 has the file."""

    world: World
    accelerator: Accelerator
    journal: Journal
    file: BinaryIO | None
    plan: Plan


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

    def add(self, step: int, loss: torch.Tensor, *, norm: torch.Tensor, rate: float, waited: float) -> None:
        """Step `step` has been given to the device. `loss`: this rank's part; `norm`: of the gradient."""
        if not self._pending:
            self._first_step = step
        self._pending.append(torch.stack([loss.detach(), norm.to(loss.dtype)]))
        self._rates.append(rate)
        self._stamps.append(self.sink.accelerator.stamp())
        self.waited += waited

    def flush(self) -> None:
        """Report the steps since the last time. Raises NonFinite."""
        if not self._pending:
            return
        self.sink.accelerator.synchronize()
        seconds = self.sink.accelerator.seconds_between(self._stamps)
        by_rank = self.sink.world.gather(on_host_exactly(torch.stack(self._pending)))
        self._check(torch.isfinite(by_rank))
        # Summed in the order of ranks, so that a report point's place does not matter.
        losses = by_rank[:, :, 0].mean(0).tolist()
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

    def _check(self, finite: torch.Tensor) -> None:
        """`finite` (ranks, steps, 2). A gradient is that of all ranks: the loss says more where both are wrong."""
        if bool(finite.all()):
            return
        index = int((~finite.all(2).all(0)).nonzero()[0])
        loss, gradient = finite[:, index, 0], finite[:, index, 1]
        if not bool(loss.all()):
            raise NonFinite("loss", self._first_step + index, (~loss).nonzero().flatten().tolist())
        raise NonFinite("gradient", self._first_step + index, (~gradient).nonzero().flatten().tolist())

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
                images=sum(map(self.sink.plan.images_of, range(self._first_step, self._first_step + len(losses)))),
                learning_rate=self._rates[-1],
            )
        )
        done = self._first_step + len(losses) - 1
        self.sink.journal.append(ProgressEvent(done=done, total=self.sink.plan.steps, unit="steps"))


def open_steps(folder: Path, length: int) -> BinaryIO:
    """The file of steps, cut back to the first `length` bytes: what a checkpoint knows of."""
    file = os.fdopen(os.open(folder / STEPS_FILE, os.O_RDWR | os.O_CREAT, 0o644), "r+b")
    file.truncate(length)
    file.seek(length)
    return file
