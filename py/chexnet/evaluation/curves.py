"""ROC and precision-recall curves, thinned to what a figure can show."""

from dataclasses import dataclass

import numpy as np

from chexnet.evaluation.bootstrap import Bits, Floats, Integers

# Points per curve: a pixel or two of a small panel lie between them.
POINTS = 120


@dataclass(frozen=True, slots=True)
class Curve:
    """Points from left to right: (false-positive rate, sensitivity), or (recall, precision)."""

    x: Floats
    y: Floats


def roc_curve(scores: Floats, labels: Bits) -> Curve:
    """From (0, 0) to (1, 1); rows with equal scores are one step."""
    true_positives, false_positives = _cumulated(scores, labels)
    x = np.concatenate(([0.0], false_positives / false_positives[-1]))
    y = np.concatenate(([0.0], true_positives / true_positives[-1]))
    return _thinned(x, y, position=x + y)


def precision_recall_curve(scores: Floats, labels: Bits) -> Curve:
    """One point per recall that is reached; the area under its steps is the average precision."""
    true_positives, false_positives = _cumulated(scores, labels)
    reached = np.concatenate(([true_positives[0] > 0], true_positives[1:] > true_positives[:-1]))
    true_positives, false_positives = true_positives[reached], false_positives[reached]
    recall = true_positives / true_positives[-1]
    return _thinned(recall, true_positives / (true_positives + false_positives), position=recall)


def _cumulated(scores: Floats, labels: Bits) -> tuple[Integers, Integers]:
    order = np.argsort(-scores, kind="stable")
    ranked, positive = scores[order], labels[order]
    last_of_tie = np.append(np.flatnonzero(ranked[1:] != ranked[:-1]), len(ranked) - 1)
    true_positives = np.cumsum(positive, dtype=np.int64)[last_of_tie]
    return true_positives, last_of_tie + 1 - true_positives


def _thinned(x: Floats, y: Floats, *, position: Floats) -> Curve:
    """Both ends, and between them the points nearest to equal steps of `position`, which never falls."""
    if len(x) <= POINTS:
        return Curve(x, y)
    steps = np.linspace(position[0], position[-1], POINTS)
    after = np.clip(np.searchsorted(position, steps), 1, len(x) - 1)
    nearer_before = steps - position[after - 1] <= position[after] - steps
    kept = np.unique(np.concatenate(([0, len(x) - 1], after - nearer_before)))
    return Curve(x[kept], y[kept])
