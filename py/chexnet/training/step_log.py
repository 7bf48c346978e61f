"""What every step cost and lost: kept on the device, fetched at report points only."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Literal

import torch

from chexnet.accelerators.protocol import Accelerator
from chexnet.runtime.journal import Journal, Log, Steps
from chexnet.runtime.journal import Progress as ProgressEvent
from chexnet.training.averages import on_host_exactly
from chexnet.training.entry import say
from chexnet.training.plan import Plan
from chexnet.training.progress import Tally
from chexnet.training.world import World

STEPS_FILE = "steps.ndjson"

# With so many in a row fp16 has halved its scale to a millionth and still finds no gradient that fits.
MOST_SKIPPED = 20


class NonFinite(Exception):
    """The loss or the gradient of `step` is not finite on these ranks. Raised on all ranks alike."""

    def __init__(self, what: Literal["loss", "gradient"], step: int, ranks: list[int]) -> None:
        super().__init__(f"the {what} of step {step} is not finite on ranks {ranks}")
        self.what: Literal["loss", "gradient"] = what
        self.step = step
        self.ranks = ranks


class OverflowedLong(Exception):
    """fp16 left out the last `count` steps up to `step`. Raised on all ranks alike."""

    def __init__(self, step: int, count: int) -> None:
        super().__init__(f"the last {count} steps up to step {step} were left out")
        self.step = step
        self.count = count


@dataclass(slots=True)
class StepFile:
    """steps.ndjson, which grows with checkpoints; what a full disk refuses waits in memory for the next."""

    file: BinaryIO
    length: int
    _waiting: bytearray = field(default_factory=bytearray)

    def add(self, row: Mapping[str, object]) -> None:
        self._waiting += json.dumps(row, allow_nan=False).encode() + b"\n"

    def sync(self) -> int:
        """Force all rows onto the disk; the length of the file. Raises OSError, and then the file is as before."""
        try:
            written = 0
            while written < len(self._waiting):
                written += self.file.write(self._waiting[written:])
            os.fsync(self.file.fileno())
        except OSError:
            self.file.truncate(self.length)
            self.file.seek(self.length)
            raise
        self.length += written
        self._waiting.clear()
        return self.length


@dataclass(frozen=True, slots=True)
class Sink:
    """Where reports go. Only rank 0 has the file. `scaler` decides which steps are left out."""

    world: World
    accelerator: Accelerator
    journal: Journal
    file: StepFile | None
    plan: Plan
    scaler: torch.amp.GradScaler


@dataclass(slots=True)
class StepLog:
    """Collects steps. `flush` is collective and the only place where the loop waits for the device.

    But for fp16: its scaler asks the device at every step whether the gradient is finite.
    """

    sink: Sink
    losses: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    waited: float = 0.0
    skipped: int = 0
    skipped_in_a_row: int = 0
    _epoch: int = 0
    _first_step: int = 0
    _pending: list[torch.Tensor] = field(default_factory=list)
    _rates: list[float] = field(default_factory=list)
    _stamps: list[object] = field(default_factory=list)

    def begin(self, epoch: int, tally: Tally) -> None:
        """Start or go on with an epoch, of which `tally` is already done."""
        self._epoch = epoch
        self.losses, self.seconds, self.waited = list(tally.losses), list(tally.seconds), tally.waited
        self.skipped, self.skipped_in_a_row = tally.skipped, tally.skipped_in_a_row

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
        """Report the steps since the last time. Raises NonFinite and OverflowedLong."""
        if not self._pending:
            return
        self.sink.accelerator.synchronize()
        seconds = self.sink.accelerator.seconds_between(self._stamps)
        by_rank = self.sink.world.gather(on_host_exactly(torch.stack(self._pending)))
        finite = torch.isfinite(by_rank)
        if self.sink.scaler.is_enabled():
            # The scaler leaves such a step out and scales less: in fp16 that is no divergence.
            self._count_skipped(~finite[:, :, 1].all(0))
            finite[:, :, 1] = True
        self._check(finite)
        # Summed in the order of ranks, so that a report point's place does not matter.
        losses = by_rank[:, :, 0].mean(0).tolist()
        self._write(losses, seconds)
        self.losses.extend(losses)
        self.seconds.extend(seconds)
        self._pending, self._rates = [], []
        self.start_clock()

    def sync(self) -> int:
        """Force the file onto the disk; its length."""
        return 0 if self.sink.file is None else self.sink.file.sync()

    def close(self) -> None:
        if self.sink.file is not None:
            self.sink.file.file.close()

    def _count_skipped(self, skipped: torch.Tensor) -> None:
        """`skipped` (steps) of a report. Which ones is the same on every rank, for gradients are those of all."""
        count = int(skipped.sum())
        self.skipped += count
        last = self._first_step + len(skipped) - 1
        if count > 0 and self.sink.file is not None:
            scale = self.sink.scaler.get_scale()
            note = (
                f"fp16 left out {count} of the last {len(skipped)} steps up to step {last}; its scale is {scale:g} now"
            )
            say(note)
            self.sink.journal.append(Log(rank=0, stream="stderr", line=note))
        for index, left_out in enumerate(skipped.tolist()):
            self.skipped_in_a_row = self.skipped_in_a_row + 1 if left_out else 0
            if self.skipped_in_a_row > MOST_SKIPPED:
                raise OverflowedLong(self._first_step + index, self.skipped_in_a_row)

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
            self.sink.file.add(row)
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


def open_steps(folder: Path, length: int) -> StepFile:
    """The file of steps, cut back to the first `length` bytes: what a checkpoint knows of."""
    file = os.fdopen(os.open(folder / STEPS_FILE, os.O_RDWR | os.O_CREAT, 0o644), "r+b", buffering=0)
    file.truncate(length)
    file.seek(length)
    return StepFile(file=file, length=length)
