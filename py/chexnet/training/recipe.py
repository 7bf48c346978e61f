"""The parameters of how a model learns: loss, optimizer, schedule, augmentation. train.ts has the same."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from chexnet.training.fields import Fields

LossName: TypeAlias = Literal["bce", "focal", "asymmetric", "sigmoid-cross-entropy"]
OptimizerName: TypeAlias = Literal["sgd", "adam", "adamw"]
ScheduleName: TypeAlias = Literal["constant", "cosine", "step", "one-cycle", "plateau"]
Metric: TypeAlias = Literal["val_auroc_macro", "val_loss", "train_loss"]

METRICS: dict[str, Metric] = {
    "val_auroc_macro": "val_auroc_macro",
    "val_loss": "val_loss",
    "train_loss": "train_loss",
}
_LOSSES: dict[str, LossName] = {
    "bce": "bce",
    "focal": "focal",
    "asymmetric": "asymmetric",
    "sigmoid-cross-entropy": "sigmoid-cross-entropy",
}
_OPTIMIZERS: dict[str, OptimizerName] = {"sgd": "sgd", "adam": "adam", "adamw": "adamw"}
_SCHEDULES: dict[str, ScheduleName] = {
    "constant": "constant",
    "cosine": "cosine",
    "step": "step",
    "one-cycle": "one-cycle",
    "plateau": "plateau",
}


@dataclass(frozen=True, slots=True)
class Loss:
    """`positive_weight` belongs to bce, `gamma` and `alpha` to focal, the next three to asymmetric.

    `positive_weight` "prevalence" is negatives by positives of each finding in the training fold.
    """

    name: LossName = "bce"
    label_smoothing: float = 0.0
    positive_weight: float | Literal["prevalence"] | None = None
    gamma: float = 2.0
    alpha: float | None = None
    gamma_negative: float = 4.0
    gamma_positive: float = 0.0
    margin: float = 0.05


@dataclass(frozen=True, slots=True)
class Optimizer:
    """`momentum` is used by sgd alone."""

    name: OptimizerName
    lr: float
    weight_decay: float
    momentum: float


@dataclass(frozen=True, slots=True)
class Schedule:
    """`warmup`: share of all steps over which the learning rate rises to its value.

    `every_epochs` belongs to step, `factor` to step and plateau, `metric`, `patience_epochs` and `threshold` to
    plateau, `start` and `end`, shares of the highest rate, to one-cycle.
    """

    name: ScheduleName = "constant"
    warmup: float = 0.0
    every_epochs: int = 1
    factor: float = 0.1
    metric: Metric = "val_loss"
    patience_epochs: int = 0
    threshold: float = 0.0
    start: float = 0.04
    end: float = 4e-6


@dataclass(frozen=True, slots=True)
class Augment:
    """Training only; what each does is said in views.py. The crop is random."""

    flip: float = 0.0
    shift: int = 0
    resized_crop: float | None = None
    rotate: float = 0.0
    zoom: float = 0.0
    brightness: float = 0.0
    contrast: float = 0.0
    cutout: float = 0.0
    mixup: float = 0.0

    @property
    def bends(self) -> bool:
        """Whether pixels are interpolated, not only chosen."""
        return self.resized_crop is not None or self.rotate > 0 or self.zoom > 0


def parse_loss(fields: Fields | None) -> Loss:
    if fields is None:
        return Loss()
    name = _LOSSES[fields.choice("name", tuple(_LOSSES), "bce")]
    smoothing = 0.0 if name == "sigmoid-cross-entropy" else fields.number("label_smoothing", 0.0, maximum=1)
    params = Loss(name=name, label_smoothing=smoothing)
    if name == "bce":
        params = Loss(name=name, label_smoothing=smoothing, positive_weight=_positive_weight(fields))
    elif name == "focal":
        gamma, alpha = fields.number("gamma", 2.0), fields.optional_number("alpha", maximum=1)
        params = Loss(name=name, label_smoothing=smoothing, gamma=gamma, alpha=alpha)
    elif name == "asymmetric":
        params = Loss(
            name=name,
            label_smoothing=smoothing,
            gamma_negative=fields.number("gamma_negative", 4.0),
            gamma_positive=fields.number("gamma_positive", 0.0),
            margin=fields.number("margin", 0.05, maximum=0.5),
        )
    fields.end()
    return params


def parse_optimizer(fields: Fields) -> Optimizer:
    params = Optimizer(
        name=_OPTIMIZERS[fields.choice("name", tuple(_OPTIMIZERS))],
        lr=fields.number("lr"),
        weight_decay=fields.number("weight_decay", 0.0),
        momentum=fields.number("momentum", 0.9, maximum=1),
    )
    fields.end()
    return params


def parse_schedule(fields: Fields | None) -> Schedule:
    if fields is None:
        return Schedule()
    name = _SCHEDULES[fields.choice("name", tuple(_SCHEDULES), "constant")]
    warmup = fields.number("warmup", 0.3 if name == "one-cycle" else 0.0, maximum=1)
    params = Schedule(name=name, warmup=warmup)
    if name == "step":
        every = fields.integer("every_epochs", minimum=1)
        params = Schedule(name=name, warmup=warmup, every_epochs=every, factor=fields.number("factor", 0.1, maximum=1))
    elif name == "one-cycle":
        start, end = fields.number("start", 0.04, maximum=1), fields.number("end", 4e-6, maximum=1)
        params = Schedule(name=name, warmup=warmup, start=start, end=end)
    elif name == "plateau":
        params = Schedule(
            name=name,
            warmup=warmup,
            metric=METRICS[fields.choice("metric", tuple(METRICS), "val_loss")],
            factor=fields.number("factor", 0.1, maximum=1),
            patience_epochs=fields.integer("patience_epochs", 0),
            threshold=fields.number("threshold", 0.0, maximum=1),
        )
    fields.end()
    return params


def parse_augment(fields: Fields | None) -> Augment | None:
    if fields is None:
        return None
    params = Augment(
        flip=fields.number("flip", 0.0, maximum=1),
        shift=fields.integer("shift", 0),
        resized_crop=fields.optional_number("resized_crop", maximum=1),
        rotate=fields.number("rotate", 0.0, maximum=180),
        zoom=fields.number("zoom", 0.0, maximum=0.9),
        brightness=fields.number("brightness", 0.0, maximum=1),
        contrast=fields.number("contrast", 0.0, maximum=1),
        cutout=fields.number("cutout", 0.0, maximum=1),
        mixup=fields.number("mixup", 0.0),
    )
    fields.end()
    return params


def _positive_weight(fields: Fields) -> float | Literal["prevalence"] | None:
    if fields.values.get("positive_weight") == "prevalence":
        fields.taken.add("positive_weight")
        return "prevalence"
    if fields.values.get("positive_weight") == "none":
        fields.taken.add("positive_weight")
        return None
    return fields.optional_number("positive_weight")
