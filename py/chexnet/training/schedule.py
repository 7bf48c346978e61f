"""The learning rate of every step: of its number alone, but for the plateau's reductions, which a checkpoint knows."""

import math
from dataclasses import dataclass, replace

from chexnet.training.recipe import Metric, Schedule


@dataclass(frozen=True, slots=True)
class Plateau:
    """The best value of the metric so far, the epochs since, and what the rate has been multiplied by."""

    best: float | None = None
    epochs_since: int = 0
    reduction: float = 1.0


@dataclass(frozen=True, slots=True)
class Rates:
    """`steps` in all and per epoch; `peak`: the highest rate."""

    schedule: Schedule
    peak: float
    steps: int
    steps_per_epoch: int

    def of(self, step: int, reduction: float = 1.0) -> float:
        """Of step `step`, counted from 1 to `steps`."""
        schedule, peak = self.schedule, self.peak
        if schedule.name == "one-cycle":
            return self._one_cycle(step)
        warmup = max(1, round(schedule.warmup * self.steps))
        rise = min(1.0, step / warmup)
        if schedule.name == "constant":
            return peak * rise
        if schedule.name == "plateau":
            return peak * rise * reduction
        if schedule.name == "step":
            return peak * rise * schedule.factor ** ((step - 1) // self.steps_per_epoch // schedule.every_epochs)
        gone = max(0, step - 1 - warmup) / max(1, self.steps - warmup)
        return peak * rise * 0.5 * (1 + math.cos(math.pi * gone))

    def _one_cycle(self, step: int) -> float:
        """Smith 2018, by cosines as torch's OneCycleLR; the momentum stays as it is."""
        schedule, peak = self.schedule, self.peak
        top = max(0.0, schedule.warmup * self.steps - 1)
        at, last = step - 1, self.steps - 1
        if at <= top:
            return _between(schedule.start * peak, peak, at / top if top > 0 else 1.0)
        return _between(peak, schedule.end * peak, (at - top) / max(1.0, last - top))


def after_epoch(plateau: Plateau, schedule: Schedule, value: float | None) -> Plateau:
    """The plateau after an epoch in which the metric had this value. One without a value is no better."""
    if schedule.name != "plateau":
        return plateau
    if value is not None and _is_better(value, plateau.best, schedule.metric, schedule.threshold):
        return replace(plateau, best=value, epochs_since=0)
    if plateau.epochs_since < schedule.patience_epochs:
        return replace(plateau, epochs_since=plateau.epochs_since + 1)
    return replace(plateau, epochs_since=0, reduction=plateau.reduction * schedule.factor)


def _is_better(value: float, best: float | None, metric: Metric, threshold: float) -> bool:
    """By more than `threshold`, a share of the best value."""
    if best is None:
        return True
    if metric == "val_auroc_macro":
        return value > best * (1 + threshold)
    return value < best * (1 - threshold)


def _between(first: float, last: float, share: float) -> float:
    return last + (first - last) / 2 * (1 + math.cos(math.pi * share))
