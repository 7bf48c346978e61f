"""The parameters of training and prediction; pipeline/stages/train.ts and predict.ts declare the same names."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from chexnet.accelerators.names import AUTO, NAMES
from chexnet.accelerators.protocol import Precision
from chexnet.mistakes import UserError
from chexnet.training.fields import Fields

Normalization: TypeAlias = Literal["per-image", "imagenet", "xray"]
OptimizerName: TypeAlias = Literal["sgd", "adam", "adamw"]
ScheduleName: TypeAlias = Literal["constant", "cosine"]

# These change how fast or how safely a result comes, not the result.
SPEED_ONLY = frozenset({"threads", "checkpoint_steps", "report_steps"})

_DEVICES = (AUTO, *NAMES)
_NORMALIZATIONS: dict[str, Normalization] = {"per-image": "per-image", "imagenet": "imagenet", "xray": "xray"}
_OPTIMIZERS: dict[str, OptimizerName] = {"sgd": "sgd", "adam": "adam", "adamw": "adamw"}
_SCHEDULES: dict[str, ScheduleName] = {"constant": "constant", "cosine": "cosine"}
_PRECISIONS: dict[str, Precision] = {"fp32": "fp32", "bf16": "bf16", "fp64": "fp64"}


@dataclass(frozen=True, slots=True)
class Input:
    """Side of the square that the model sees, in pixels, and how grey values are scaled."""

    crop: int
    normalize: Normalization


@dataclass(frozen=True, slots=True)
class Augment:
    """Training only. `flip`: probability of mirroring; `shift`: most pixels in each direction; the crop is random."""

    flip: float
    shift: int


@dataclass(frozen=True, slots=True)
class Optimizer:
    """`momentum` is used by sgd alone."""

    name: OptimizerName
    lr: float
    weight_decay: float
    momentum: float


@dataclass(frozen=True, slots=True)
class Schedule:
    """`warmup`: share of all steps over which the learning rate rises to its value."""

    name: ScheduleName
    warmup: float


@dataclass(frozen=True, slots=True)
class TrainParams:
    """What a training is. `batch_size` is global; `threads` per rank, None shares the processor's cores out."""

    device: str
    ranks: int
    threads: int | None
    seed: int
    epochs: int
    batch_size: int
    weights: str | None
    input: Input
    augment: Augment | None
    optimizer: Optimizer
    schedule: Schedule
    precision: Precision
    checkpoint_steps: int
    report_steps: int
    early_stopping_epochs: int | None
    deterministic: bool
    freeze_batch_norm: bool
    ema: float | None
    clip_norm: float | None


@dataclass(frozen=True, slots=True)
class PredictParams:
    """`batch_size` is that of one forward pass on one rank; it fixes the scores to the last bit, `ranks` does not."""

    device: str
    ranks: int
    threads: int | None
    batch_size: int
    folds: tuple[str, ...]
    precision: Precision


def parse_train_params(values: Mapping[str, object]) -> TrainParams:
    """Raises UserError for a wrong, missing or unknown field."""
    fields = Fields(values, "params")
    weights = fields.optional_text("weights")
    params = TrainParams(
        device=fields.choice("device", _DEVICES, AUTO),
        ranks=fields.integer("ranks", 1, minimum=1),
        threads=fields.optional_integer("threads", minimum=1),
        seed=fields.integer("seed", 0),
        epochs=fields.integer("epochs", minimum=1),
        batch_size=fields.integer("batch_size", minimum=1),
        weights=None if weights == "none" else weights,
        input=_input(fields.nested("input")),
        augment=_augment(fields.nested_or_none("augment")),
        optimizer=_optimizer(fields.nested("optimizer")),
        schedule=_schedule(fields.nested_or_none("schedule")),
        precision=_PRECISIONS[fields.choice("precision", tuple(_PRECISIONS), "fp32")],
        checkpoint_steps=fields.integer("checkpoint_steps", 200, minimum=1),
        report_steps=fields.integer("report_steps", 10, minimum=1),
        early_stopping_epochs=fields.optional_integer("early_stopping_epochs", minimum=1),
        deterministic=fields.boolean("deterministic", True),
        freeze_batch_norm=fields.boolean("freeze_batch_norm", False),
        ema=fields.optional_number("ema", maximum=1),
        clip_norm=fields.optional_number("clip_norm"),
    )
    fields.end()
    if params.batch_size % params.ranks:
        raise UserError(
            f"params.batch_size is {params.batch_size}, which {params.ranks} ranks cannot share evenly.",
            "The batch size is global: make it a multiple of ranks.",
        )
    return params


def parse_predict_params(values: Mapping[str, object]) -> PredictParams:
    """Raises UserError for a wrong, missing or unknown field."""
    fields = Fields(values, "params")
    params = PredictParams(
        device=fields.choice("device", _DEVICES, AUTO),
        ranks=fields.integer("ranks", 1, minimum=1),
        threads=fields.optional_integer("threads", minimum=1),
        batch_size=fields.integer("batch_size", 32, minimum=1),
        folds=fields.texts("folds", ("val", "test")),
        precision=_PRECISIONS[fields.choice("precision", tuple(_PRECISIONS), "fp32")],
    )
    fields.end()
    return params


def _input(fields: Fields) -> Input:
    params = Input(
        crop=fields.integer("crop", minimum=32),
        normalize=_NORMALIZATIONS[fields.choice("normalize", tuple(_NORMALIZATIONS), "per-image")],
    )
    fields.end()
    return params


def _augment(fields: Fields | None) -> Augment | None:
    if fields is None:
        return None
    params = Augment(flip=fields.number("flip", 0.0, maximum=1), shift=fields.integer("shift", 0))
    fields.end()
    return params


def _optimizer(fields: Fields) -> Optimizer:
    params = Optimizer(
        name=_OPTIMIZERS[fields.choice("name", tuple(_OPTIMIZERS))],
        lr=fields.number("lr"),
        weight_decay=fields.number("weight_decay", 0.0),
        momentum=fields.number("momentum", 0.9, maximum=1),
    )
    fields.end()
    return params


def _schedule(fields: Fields | None) -> Schedule:
    if fields is None:
        return Schedule(name="constant", warmup=0.0)
    params = Schedule(
        name=_SCHEDULES[fields.choice("name", tuple(_SCHEDULES), "constant")],
        warmup=fields.number("warmup", 0.0, maximum=1),
    )
    fields.end()
    return params


def input_from_model(values: object) -> Input:
    """The input that an exported model was trained on. Raises UserError when the file does not say."""
    if not isinstance(values, Mapping):
        raise UserError("The model file does not say what input it was trained on.")
    return _input(Fields(values, "model.input"))
