"""A row per epoch: what the journal's `epoch` event and history.csv say."""

import csv
import io
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields

from chexnet.runtime.journal import EpochMetrics

COLUMNS = ("epoch", *(field.name for field in fields(EpochMetrics)))


@dataclass(frozen=True, slots=True)
class Validation:
    """None throughout when there is no validation fold."""

    loss: float | None
    auroc: float | None
    defined: int


@dataclass(frozen=True, slots=True)
class Spent:
    """An epoch's steps: losses, seconds each, seconds waited for input, wall seconds of the whole epoch, its images.

    `skipped`: steps that fp16 left out, None in other precisions.
    """

    losses: list[float]
    seconds: list[float]
    waited: float
    wall_seconds: float
    images: int
    peak_memory_bytes: int | None
    skipped: int | None = None


def metrics_of(spent: Spent, validation: Validation, *, learning_rate: float, is_best: bool) -> EpochMetrics:
    """The row. `learning_rate` is that of the epoch's last step."""
    train_seconds = math.fsum(spent.seconds)
    return EpochMetrics(
        train_loss=math.fsum(spent.losses) / len(spent.losses),
        val_loss=validation.loss,
        val_auroc_macro=validation.auroc,
        val_auroc_defined=validation.defined,
        learning_rate=learning_rate,
        seconds=round(spent.wall_seconds, 3),
        train_seconds=round(train_seconds, 3),
        images_per_second=round(spent.images / train_seconds, 2) if train_seconds > 0 else 0.0,
        step_ms_p50=_percentile_ms(spent.seconds, 0.5),
        step_ms_p95=_percentile_ms(spent.seconds, 0.95),
        step_ms_max=_percentile_ms(spent.seconds, 1.0),
        loader_stall_share=round(min(1.0, spent.waited / train_seconds), 4) if train_seconds > 0 else 0.0,
        peak_memory_bytes=spent.peak_memory_bytes,
        skipped_steps=spent.skipped,
        is_best=is_best,
    )


def history_row(epoch: int, metrics: EpochMetrics) -> dict[str, object]:
    return {"epoch": epoch, **asdict(metrics)}


def history_csv(rows: Iterable[Mapping[str, object]]) -> str:
    """history.csv. What is undefined is an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([_cell(row[column]) for column in COLUMNS])
    return text.getvalue()


def _cell(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _percentile_ms(seconds: list[float], share: float) -> float:
    """The smallest value that at least this share of the values does not exceed."""
    ordered = sorted(seconds)
    return round(1000 * ordered[max(0, math.ceil(share * len(ordered)) - 1)], 3)
