"""One fold's scores against its labels: what each class and each average reaches, with intervals over patients."""

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from chexnet.evaluation.bootstrap import Bits, Counts, Draws, Floats, Integers, Task, draw, resample
from chexnet.evaluation.curves import Curve, precision_recall_curve, roc_curve

JsonObject = dict[str, Any]


# A standard error over fewer draws is itself uncertain by more than a tenth.
ENOUGH_DRAWS = 50


@dataclass(frozen=True, slots=True)
class Method:
    """How intervals are made: the standard error over `resamples` draws of patients, on the scale of log odds.

    Percentiles of the draws were tried first. A patient drawn twice ties with itself, which raises average precision:
    with few positives the interval then missed its own estimate. Simulated coverage of 95% intervals with 6 positives
    among 60 to 120 patients: AUROC .81 to .83 by percentiles, .88 to .89 so; average precision .88, .89 to .94.
    """

    resamples: int
    seed: int
    level: float


@dataclass(frozen=True, slots=True)
class Scores:
    """Rows of one fold: probabilities and labels are (rows, classes), patients are indices from 0."""

    findings: tuple[str, ...]
    probabilities: Floats
    labels: Bits
    patients: Integers


def measure(scores: Scores, method: Method) -> JsonObject:
    """Everything `evaluation.json` says about one fold but its name (pipeline/model/evaluation.ts describes it)."""
    images_per_patient = np.bincount(scores.patients)
    classes = len(scores.findings)
    multiplicities = resample(images_per_patient, method.resamples, method.seed, rows_per_image=classes)
    draws = [draw(_task(scores, column), multiplicities) for column in range(classes)]
    defined = [column for column in range(classes) if _why_undefined(draws[column]) is None]
    return {
        "images": len(scores.patients),
        "patients": len(images_per_patient),
        "most_images_of_a_patient": int(images_per_patient.max()),
        "classes": [_class(scores, column, draws[column], method) for column in range(classes)],
        "averages": _averages(scores, defined, draws, multiplicities, method),
        "undefined": [name for column, name in enumerate(scores.findings) if column not in defined],
    }


def _task(scores: Scores, column: int) -> Task:
    return Task(scores.probabilities[:, column], scores.labels[:, column], scores.patients)


def _class(scores: Scores, column: int, draws: Draws, method: Method) -> JsonObject:
    labels, probabilities = scores.labels[:, column], scores.probabilities[:, column]
    why = _why_undefined(draws)
    return {
        "finding": scores.findings[column],
        "positives": int(labels.sum()),
        "positive_patients": len(np.unique(scores.patients[labels])),
        "prevalence": float(labels.mean()),
        "distinct_scores": len(np.unique(probabilities)),
        "auroc": estimate(draws.auroc, why, method),
        "average_precision": estimate(draws.average_precision, why, method),
        "roc": None if why else _points(roc_curve(probabilities, labels)),
        "precision_recall": None if why else _points(precision_recall_curve(probabilities, labels)),
    }


def _averages(
    scores: Scores, defined: list[int], draws: list[Draws], multiplicities: Counts, method: Method
) -> JsonObject:
    """Over the classes that are defined on the fold; a draw in which one of them is not leaves it out of that draw."""
    why = None if defined else "no class is defined"
    micro = draw(_pooled(scores, defined), multiplicities) if defined else None
    averages: JsonObject = {}
    for metric in ("auroc", "average_precision"):
        values = _stack([getattr(draws[column], metric) for column in defined], multiplicities)
        positives = _stack([draws[column].positives for column in defined], multiplicities)
        pooled = values[0] if micro is None else getattr(micro, metric)
        averages[metric] = {
            "macro": estimate(_mean(values, np.ones_like(values)), why, method),
            "micro": estimate(pooled, why, method),
            "weighted": estimate(_mean(values, positives), why, method),
        }
    pairs = scores.labels[:, defined]
    averages["classes"] = len(defined)
    averages["prevalence"] = float(pairs.mean()) if defined else None
    averages["incomplete_resamples"] = _incomplete(defined, draws)
    return averages


def _pooled(scores: Scores, defined: list[int]) -> Task:
    """Every (image, class) pair as one ranking: what a micro average means."""
    return Task(
        scores.probabilities[:, defined].ravel(),
        scores.labels[:, defined].ravel(),
        np.repeat(scores.patients, len(defined)),
    )


def _stack(rows: list[Floats], multiplicities: Counts) -> Floats:
    return np.stack(rows) if rows else np.full((1, multiplicities.shape[1]), np.nan)


def _mean(values: Floats, weights: Floats) -> Floats:
    """Weighted mean over classes per draw, without those that the draw leaves undefined."""
    known = np.isfinite(values)
    total = np.where(known, weights, 0).sum(axis=0)
    mean = np.where(known, values * weights, 0).sum(axis=0) / np.where(total > 0, total, 1)
    return np.where(total > 0, mean, np.nan)


def _incomplete(defined: list[int], draws: list[Draws]) -> int:
    if not defined:
        return 0
    return int(np.isnan(np.stack([draws[column].auroc[1:] for column in defined])).any(axis=0).sum())


def estimate(draws: Floats, why_undefined: str | None, method: Method) -> JsonObject:
    """The value on the data as they are (entry 0) and its interval from the resamples in which it is defined."""
    if why_undefined is not None:
        return {"defined": False, "because": why_undefined}
    resampled = draws[1:][np.isfinite(draws[1:])]
    value = float(draws[0])
    low, high = _interval(value, resampled, method.level)
    return {"defined": True, "value": value, "low": low, "high": high, "resamples": len(resampled)}


def _interval(value: float, resampled: Floats, level: float) -> tuple[float | None, float | None]:
    """None where draws are few, and where the ranking is perfect (or perfectly wrong): then no draw differs."""
    if len(resampled) < ENOUGH_DRAWS or value in (0.0, 1.0):
        return None, None
    log_odds = math.log(value / (1 - value))
    # The delta method: single draws may be 0 or 1, where log odds are infinite.
    standard_error = float(resampled.std(ddof=1)) / (value * (1 - value))
    reach = NormalDist().inv_cdf((1 + level) / 2) * standard_error
    return _share(log_odds - reach), _share(log_odds + reach)


def _share(log_odds: float) -> float:
    # Written for either sign: exp of a large positive number would overflow.
    if log_odds < 0:
        return math.exp(log_odds) / (1 + math.exp(log_odds))
    return 1 / (1 + math.exp(-log_odds))


def _why_undefined(draws: Draws) -> str | None:
    if draws.positives[0] == 0:
        return "0 positives"
    return "0 negatives" if draws.negatives[0] == 0 else None


def _points(curve: Curve) -> JsonObject:
    """Five decimals: a figure shows three."""
    return {"x": np.round(curve.x, 5).tolist(), "y": np.round(curve.y, 5).tolist()}
