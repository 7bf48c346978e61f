"""Validation metrics from logits and labels, exact under ties, never NaN."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def auroc_per_class(scores: npt.NDArray[np.floating], labels: npt.NDArray[np.floating]) -> list[float | None]:
    """Mann-Whitney's statistic per column of (n, classes), ties counting half; None without both kinds of label."""
    return [_auroc(scores[:, column], labels[:, column] > 0.5) for column in range(labels.shape[1])]


def macro(values: list[float | None]) -> tuple[float | None, int]:
    """The mean over the defined values and how many they are."""
    defined = [value for value in values if value is not None]
    return (sum(defined) / len(defined) if defined else None), len(defined)


def mean_bce(logits: npt.NDArray[np.floating], labels: npt.NDArray[np.floating]) -> float:
    """Binary cross-entropy per image and finding, computed in float64."""
    exact = logits.astype(np.float64)
    return float(np.mean(np.logaddexp(0.0, exact) - exact * labels))


def _auroc(scores: npt.NDArray[np.floating], positive: npt.NDArray[np.bool_]) -> float | None:
    positives = int(positive.sum())
    negatives = len(positive) - positives
    if positives == 0 or negatives == 0:
        return None
    _, group = np.unique(scores, return_inverse=True)
    size = np.bincount(group)
    # Twice the mean rank within a group of ties is a whole number, so the sum is exact.
    twice_rank = 2 * np.cumsum(size) - size + 1
    twice_u = int(twice_rank[group[positive]].sum()) - positives * (positives + 1)
    return twice_u / (2 * positives * negatives)
