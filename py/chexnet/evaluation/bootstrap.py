"""Patient-clustered bootstrap of AUROC and average precision: exact with ties, both in one pass.

Images of one patient resemble each other, so the patient is what is resampled: intervals that treat images as
independent are up to twice too narrow on ChestX-ray14.

A resample is a vector of patient multiplicities. Per class the scores are sorted once; then only the groups of
tied scores that hold a positive matter. Three sparse matrices (group x patient) count the positives of each such
group, the negatives between it and the one below, and the negatives tied with it. Times the multiplicities, summed
upwards, they give the counts that both metrics are made of. Counts are integers and stay exact in float32 as long
as they are below 2**24, so an AUROC is rounded once, by its final division.
"""

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import scipy.sparse as sparse

Floats: TypeAlias = npt.NDArray[np.float64]
Integers: TypeAlias = npt.NDArray[np.int64]
Bits: TypeAlias = npt.NDArray[np.bool_]
Counts: TypeAlias = npt.NDArray[np.floating[Any]]

# Columns worked on at a time: 64 to 128 were fastest (working sets of a few MB).
BLOCK = 96

# 2 * negatives + ties is summed in float32 only where every such count is exact there.
FLOAT32_ROWS = 2**23


@dataclass(frozen=True, slots=True)
class Task:
    """One ranking problem: rows with a score, a label and a patient (an index from 0)."""

    scores: Floats
    labels: Bits
    patients: Integers


@dataclass(frozen=True, slots=True)
class Ranks:
    """A task, sorted: counts per (tie group that holds a positive, patient); the last group lies above them all."""

    positives: sparse.csr_matrix
    between: sparse.csr_matrix
    tied: sparse.csr_matrix


@dataclass(frozen=True, slots=True)
class Draws:
    """Metrics of one task, an entry per column of multiplicities; NaN where a draw holds only one kind of label."""

    auroc: Floats
    average_precision: Floats
    positives: Floats
    negatives: Floats


def draw(task: Task, multiplicities: Counts) -> Draws:
    """Both metrics of a task under each column of `multiplicities` (patients x draws), made by `resample`."""
    ranks = rank(task, multiplicities)
    columns = multiplicities.shape[1]
    blocks = [
        _measure(ranks, np.ascontiguousarray(multiplicities[:, start : start + BLOCK]))
        for start in range(0, columns, BLOCK)
    ]
    return Draws(
        auroc=np.concatenate([block.auroc for block in blocks]),
        average_precision=np.concatenate([block.average_precision for block in blocks]),
        positives=np.concatenate([block.positives for block in blocks]),
        negatives=np.concatenate([block.negatives for block in blocks]),
    )


def resample(images_per_patient: Integers, draws: int, seed: int, *, rows_per_image: int = 1) -> Counts:
    """How often each patient is drawn (patients x (1 + draws)); column 0 is the data as they are.

    `rows_per_image` is how many rows an image has in the largest task: the number of classes for a micro average.
    """
    patients = len(images_per_patient)
    generator = np.random.default_rng(seed)
    counts = np.ones((patients, 1 + draws), np.float32)
    for column in range(1, 1 + draws):
        drawn = generator.integers(0, patients, patients)
        counts[:, column] = np.bincount(drawn, minlength=patients)
    rows = (images_per_patient.astype(np.float64) @ counts.astype(np.float64)).max() * rows_per_image
    return counts if rows < FLOAT32_ROWS else counts.astype(np.float64)


def rank(task: Task, multiplicities: Counts) -> Ranks:
    order = np.argsort(task.scores, kind="stable")
    scores, positive, patient = task.scores[order], task.labels[order], task.patients[order]
    group = np.cumsum(np.concatenate(([False], scores[1:] != scores[:-1])))
    with_positive = np.unique(group[positive])
    # The first group with a positive that is not below the row's own.
    place = np.searchsorted(with_positive, group)
    padded = np.append(with_positive, -1)
    tied = padded[place] == group
    shape = (len(with_positive) + 1, multiplicities.shape[0])

    def count(chosen: Bits) -> sparse.csr_matrix:
        ones = np.ones(int(chosen.sum()), multiplicities.dtype)
        return sparse.csr_matrix((ones, (place[chosen], patient[chosen])), shape)

    return Ranks(positives=count(positive), between=count(~positive & ~tied), tied=count(~positive & tied))


def _measure(ranks: Ranks, multiplicities: Counts) -> Draws:
    positives: Counts = ranks.positives @ multiplicities
    tied: Counts = ranks.tied @ multiplicities
    negatives: Counts = ranks.between @ multiplicities
    negatives[1:] += tied[:-1]
    below = np.cumsum(negatives, axis=0, out=negatives)
    up_to = np.cumsum(positives, axis=0)
    total_positives = up_to[-1].astype(np.float64)
    # Rows of the last group are negatives only, so `below` ends in all negatives but those tied with that group: none.
    total_negatives = below[-1].astype(np.float64)

    twice_below = below + below + tied
    wins = np.einsum("gd,gd->d", positives, twice_below, dtype=np.float64)
    true_positives = (up_to[-1] - up_to) + positives
    called = true_positives + (below[-1] - below)
    # Nothing drawn at or above a group: it has no positives either, so its term is 0 whatever it is divided by.
    np.maximum(called, 1, out=called)
    precision = np.divide(true_positives, called, dtype=np.float64)
    gained = np.einsum("gd,gd->d", positives, precision, dtype=np.float64)

    defined = (total_positives > 0) & (total_negatives > 0)
    pairs = np.where(defined, 2 * total_positives * total_negatives, 1)
    return Draws(
        auroc=np.where(defined, wins / pairs, np.nan),
        average_precision=np.where(defined, gained / np.maximum(total_positives, 1), np.nan),
        positives=total_positives,
        negatives=total_negatives,
    )
