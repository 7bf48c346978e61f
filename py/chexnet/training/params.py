"""The parameters of training and prediction; pipeline/stages/train.ts and predict.ts declare the same names."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from chexnet.accelerators.names import AUTO, NAMES
from chexnet.accelerators.protocol import Precision
from chexnet.mistakes import UserError
from chexnet.training.fields import Fields
from chexnet.training.recipe import (
    Augment,
    Loss,
    Optimizer,
    Schedule,
    parse_augment,
    parse_loss,
    parse_optimizer,
    parse_schedule,
)

Normalization: TypeAlias = Literal["per-image", "imagenet", "xray"]
BestBy: TypeAlias = Literal["val_auroc_macro", "val_loss", "last"]
LastBatch: TypeAlias = Literal["drop", "keep"]
Resident: TypeAlias = Literal["auto", "always", "never"]
Backbone: TypeAlias = Literal["densenet121", "densenet169", "densenet201", "resnet50"]

# These change how fast or how safely a result comes, not the result.
SPEED_ONLY = frozenset({"threads", "resident", "checkpoint_steps", "report_steps"})

_DEVICES = (AUTO, *NAMES)
_NORMALIZATIONS: dict[str, Normalization] = {"per-image": "per-image", "imagenet": "imagenet", "xray": "xray"}
_BEST_BY: dict[str, BestBy] = {"val_auroc_macro": "val_auroc_macro", "val_loss": "val_loss", "last": "last"}
_LAST_BATCH: dict[str, LastBatch] = {"drop": "drop", "keep": "keep"}
_RESIDENT: dict[str, Resident] = {"auto": "auto", "always": "always", "never": "never"}
BACKBONES: dict[str, Backbone] = {
    "densenet121": "densenet121",
    "densenet169": "densenet169",
    "densenet201": "densenet201",
    "resnet50": "resnet50",
}
_PRECISIONS: dict[str, Precision] = {
    "fp32": "fp32",
    "tf32": "tf32",
    "bf16": "bf16",
    "fp16": "fp16",
    "fp64": "fp64",
}


@dataclass(frozen=True, slots=True)
class Input:
    """Side of the square that the model sees, in pixels, and how grey values are scaled."""

    crop: int
    normalize: Normalization


@dataclass(frozen=True, slots=True)
class TrainParams:
    """What a training is. `batch_size` is global; `threads` per rank, None shares the processor's cores out.

    `preset`: where parameters that were not given came from; they are filled in before. `accumulate`: passes per step.
    `images`: so many of the training fold, None for all. `resident`: whether their pixels stay on the device.
    `ten_crop`: the corners, the centre and their mirror images instead of one view, for the sigmoid-cross-entropy.
    """

    preset: str | None

    device: str
    ranks: int
    threads: int | None
    seed: int
    epochs: int
    images: int | None
    batch_size: int
    accumulate: int
    last_batch: LastBatch
    backbone: Backbone
    weights: str | None
    prior_bias: bool
    freeze_epochs: int
    input: Input
    augment: Augment | None
    ten_crop: bool
    loss: Loss
    optimizer: Optimizer
    schedule: Schedule
    precision: Precision
    compile: bool
    sync_batch_norm: bool
    resident: Resident
    checkpoint_steps: int
    report_steps: int
    best_by: BestBy
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
    compile: bool


def parse_train_params(values: Mapping[str, object]) -> TrainParams:
    """Raises UserError for a wrong, missing or unknown field."""
    fields = Fields(values, "params")
    weights = fields.optional_text("weights")
    params = TrainParams(
        preset=fields.optional_text("preset"),
        device=fields.choice("device", _DEVICES, AUTO),
        ranks=fields.integer("ranks", 1, minimum=1),
        threads=fields.optional_integer("threads", minimum=1),
        seed=fields.integer("seed", 0),
        epochs=fields.integer("epochs", minimum=1),
        images=fields.optional_integer("images", minimum=1),
        batch_size=fields.integer("batch_size", minimum=1),
        accumulate=fields.integer("accumulate", 1, minimum=1),
        last_batch=_LAST_BATCH[fields.choice("last_batch", tuple(_LAST_BATCH), "drop")],
        backbone=BACKBONES[fields.choice("backbone", tuple(BACKBONES), "densenet121")],
        weights=None if weights == "none" else weights,
        prior_bias=fields.boolean("prior_bias", True),
        freeze_epochs=fields.integer("freeze_epochs", 0),
        input=_input(fields.nested("input")),
        augment=parse_augment(fields.nested_or_none("augment")),
        ten_crop=fields.boolean("ten_crop", False),
        loss=parse_loss(fields.nested_or_none("loss")),
        optimizer=parse_optimizer(fields.nested("optimizer")),
        schedule=parse_schedule(fields.nested_or_none("schedule")),
        precision=_PRECISIONS[fields.choice("precision", tuple(_PRECISIONS), "fp32")],
        compile=fields.boolean("compile", False),
        sync_batch_norm=fields.boolean("sync_batch_norm", False),
        resident=_RESIDENT[fields.choice("resident", tuple(_RESIDENT), "auto")],
        checkpoint_steps=fields.integer("checkpoint_steps", 200, minimum=1),
        report_steps=fields.integer("report_steps", 10, minimum=1),
        best_by=_BEST_BY[fields.choice("best_by", tuple(_BEST_BY), "val_auroc_macro")],
        early_stopping_epochs=fields.optional_integer("early_stopping_epochs", minimum=1),
        deterministic=fields.boolean("deterministic", True),
        freeze_batch_norm=fields.boolean("freeze_batch_norm", False),
        ema=fields.optional_number("ema", maximum=1),
        clip_norm=fields.optional_number("clip_norm", above=0),
    )
    fields.end()
    _check(params)
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
        compile=fields.boolean("compile", False),
    )
    fields.end()
    return params


def _check(params: TrainParams) -> None:
    """Raises UserError where parameters contradict each other."""
    size, passes = params.batch_size, params.accumulate
    if size % params.ranks:
        raise UserError(
            f"params.batch_size is {size}, which {params.ranks} ranks cannot share evenly.",
            "The batch size is global: make it a multiple of ranks.",
        )
    if size % (params.ranks * passes):
        raise UserError(
            f"params.batch_size is {size}, which {params.ranks} ranks cannot share evenly in {passes} passes.",
            "The batch size is global: make it a multiple of ranks times accumulate.",
        )
    if params.ten_crop and (params.loss.name != "sigmoid-cross-entropy" or params.augment is not None):
        raise UserError("params.ten_crop is for loss.name sigmoid-cross-entropy and augment none.")
    if params.early_stopping_epochs is not None and params.best_by == "last":
        raise UserError("params.early_stopping_epochs needs a metric, and best_by is last.")


def _input(fields: Fields) -> Input:
    params = Input(
        crop=fields.integer("crop", minimum=32),
        normalize=_NORMALIZATIONS[fields.choice("normalize", tuple(_NORMALIZATIONS), "per-image")],
    )
    fields.end()
    return params


def input_from_model(values: object) -> Input:
    """The input that an exported model was trained on. Raises UserError when the file does not say."""
    if not isinstance(values, Mapping):
        raise UserError("The model file does not say what input it was trained on.")
    return _input(Fields(values, "model.input"))
