"""The product's training, watched from within: a hook after every update, clocks on what is not computing."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any, cast

import torch

from chexnet.accelerators.choose import Choice, choose
from chexnet.accelerators.protocol import Accelerator, Capabilities, Place
from chexnet.runtime.journal import Journal
from chexnet.training.job import TrainJob
from chexnet.training.loop import train
from chexnet.training.opening import open_session
from chexnet.training.plan import Plan
from chexnet.training.progress import Progress
from chexnet.training.sampling import Integers, epoch_order
from chexnet.training.session import Session
from chexnet.training.step_log import StepLog
from chexnet.training.stop import StopRequest
from chexnet.training.trainer import prepare
from chexnet.training.world import TIMEOUT_SECONDS, World

_ENDLESS_STEPS = 1_000_000


class Enough(Exception):
    """Raised by the hook: all is measured."""


@dataclass(slots=True)
class Clock:
    """Seconds of one kind, added up."""

    seconds: float = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        begun = time.perf_counter()
        try:
            yield
        finally:
            self.seconds += time.perf_counter() - begun


@dataclass(frozen=True, slots=True)
class Clocks:
    """`metrics`: adding steps to the log, reporting them, agreeing to go on; `device`: waiting for it meanwhile."""

    metrics: Clock = field(default_factory=Clock)
    device: Clock = field(default_factory=Clock)


@dataclass(frozen=True, slots=True)
class Observed:
    """A device with a hook after every update. All else is that device's."""

    inner: Accelerator
    clocks: Clocks
    after_update: Callable[[], None]
    channels_last: bool

    @property
    def capabilities(self) -> Capabilities:
        able = self.inner.capabilities
        return replace(able, channels_last=able.channels_last and self.channels_last)

    def after_step(self) -> None:
        self.inner.after_step()
        self.after_update()

    def synchronize(self) -> None:
        with self.clocks.device.running():
            self.inner.synchronize()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


@dataclass(frozen=True, slots=True)
class EndlessPlan(Plan):
    """One epoch without an end: no validation and no checkpoint come in between."""

    @property
    def steps_per_epoch(self) -> int:
        return _ENDLESS_STEPS

    def batches(self, epoch: int, *, skip: int = 0) -> Iterator[Integers]:
        del skip
        for number in count(epoch):
            order = epoch_order(self.images, seed=self.seed, epoch=number)
            for first in range(0, self.images - self.batch_size + 1, self.batch_size):
                yield order[first : first + self.batch_size]

    def images_of(self, step: int) -> int:
        del step
        return self.batch_size


class _TimedLog(StepLog):
    clock: Clock

    def add(self, step: int, loss: torch.Tensor, **values: Any) -> None:
        with self.clock.running():
            super().add(step, loss, **values)

    def flush(self) -> None:
        with self.clock.running():
            super().flush()


@dataclass(frozen=True, slots=True)
class _TimedWorld(World):
    clock: Clock

    def any(self, flag: bool) -> bool:
        with self.clock.running():
            return World.any(self, flag)


@dataclass(slots=True)
class Watch:
    """What a hook may look at. `session` is there from the first step on; `accelerator` is the device itself."""

    accelerator: Accelerator
    clocks: Clocks
    session: Session | None = None

    @property
    def world(self) -> World:
        """All ranks of the training."""
        assert self.session is not None, "Internal error: no step was taken yet"
        return self.session.world

    @property
    def waited(self) -> float:
        """Seconds that the loop has waited for the loader so far."""
        return 0.0 if self.session is None else self.session.log.waited


def train_observed(
    job: TrainJob, folder: Path, hook: Callable[[Watch], None], *, channels_last: bool, timed: bool = True
) -> None:
    """The product's loop, with everything but validation and checkpoints, until the hook raises Enough.

    `timed` False leaves the clocks out.
    """
    clocks, watches = Clocks(), list[Watch]()

    def choosing(requested: str, place: Place) -> Choice:
        found = choose(requested, place)
        watches.append(Watch(found.accelerator, clocks))
        observed = Observed(found.accelerator, clocks, lambda: hook(watches[0]), channels_last)
        return replace(found, accelerator=cast(Accelerator, observed))

    setting = prepare(job, TIMEOUT_SECONDS, choosing)
    plan = setting.plan
    endless = EndlessPlan(images=plan.images, batch_size=plan.batch_size, epochs=plan.epochs, seed=plan.seed)
    world = setting.world
    if timed:
        world = _TimedWorld(ranks=world.ranks, host=world.host, clock=clocks.metrics)
    job.resume.mkdir(parents=True, exist_ok=True)
    journal = Journal(str(folder / "journal.ndjson"))
    setting = replace(setting, plan=endless, world=world)
    session = open_session(job, "", journal, setting, None, StopRequest())
    if timed:
        log = _TimedLog(session.log.sink)
        log.clock = clocks.metrics
        session.log = log
    watches[0].session = session
    with closing(session.log), suppress(Enough):
        train(session, Progress())
    journal.close()
