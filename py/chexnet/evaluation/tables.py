"""Predictions, labels and folds from their CSV files, checked against each other before anything is measured."""

import csv
import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from chexnet.evaluation.measure import Scores
from chexnet.mistakes import UserError

FOLDS = ("train", "val", "test")


@dataclass(frozen=True, slots=True)
class Fold:
    """Scores and labels of one fold, in the order of its list, and digests that say which images and labels."""

    name: str
    scores: Scores
    images_digest: str
    labels_digest: str


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a CSV file with the place to blame."""

    path: Path
    line: int
    cells: Mapping[str, str]

    def fail(self, message: str) -> UserError:
        return UserError(f"{self.path}:{self.line}: {message}")


def read_folds(
    *, predictions: Path, dataset: Path, folds: Path, quarantine: Path | None, findings: Sequence[str]
) -> list[Fold]:
    """The folds that were predicted, each complete: every image of the fold once, none beside, all scores in 0 to 1.

    Images of a fold that the data set does not hold, and quarantined ones, have no prediction and do not count.

    Raises:
        UserError: a file is missing or malformed, or they contradict each other.
    """
    listed = _listed(folds)
    labels = _labels(dataset / "metadata.csv", findings)
    scores = _scores(predictions, listed, findings)
    left_out = set() if quarantine is None else {row.cells["image"] for row in _rows(quarantine, ["image"])}
    predicted = {listed[image][0] for image in scores}
    return [
        _fold(
            name,
            [
                image
                for image, (fold, _) in listed.items()
                if fold == name and image not in left_out and (image in labels or image in scores)
            ],
            (scores, labels, {image: patient for image, (_, patient) in listed.items()}),
            findings,
        )
        for name in FOLDS
        if name in predicted
    ]


def _fold(
    name: str,
    images: list[str],
    tables: tuple[Mapping[str, list[float]], Mapping[str, list[bool]], Mapping[str, str]],
    findings: Sequence[str],
) -> Fold:
    scores, labels, patients = tables
    missing = [image for image in images if image not in scores]
    if missing:
        raise UserError(f"No prediction for {len(missing)} of {len(images)} images of fold {name}: {_some(missing)}")
    unlabelled = [image for image in images if image not in labels]
    if unlabelled:
        raise UserError(f"{len(unlabelled)} images of fold {name} have no row in metadata.csv: {_some(unlabelled)}")
    _, patient_index = np.unique([patients[image] for image in images], return_inverse=True)
    bits = np.array([labels[image] for image in images], np.bool_)
    return Fold(
        name=name,
        scores=Scores(
            findings=tuple(findings),
            probabilities=np.array([scores[image] for image in images], np.float64),
            labels=bits,
            patients=patient_index.astype(np.int64),
        ),
        images_digest=_digest(sorted(images)),
        labels_digest=_digest(
            sorted(
                image + "".join(",1" if bit else ",0" for bit in row) for image, row in zip(images, bits, strict=True)
            )
        ),
    )


def _listed(folder: Path) -> dict[str, tuple[str, str]]:
    listed: dict[str, tuple[str, str]] = {}
    for row in _rows(folder / "folds.csv", ["image", "patient", "fold"]):
        if row.cells["fold"] not in FOLDS:
            raise row.fail(f'"{row.cells["fold"]}" is not a fold (train, val or test)')
        if row.cells["image"] in listed:
            raise row.fail(f"{row.cells['image']} is listed twice")
        listed[row.cells["image"]] = (row.cells["fold"], row.cells["patient"])
    return listed


def _labels(path: Path, findings: Sequence[str]) -> dict[str, list[bool]]:
    known = set(findings)
    labels: dict[str, list[bool]] = {}
    for row in _rows(path, ["image", "findings"]):
        positive = {finding for finding in row.cells["findings"].split("|") if finding}
        if not positive <= known:
            raise row.fail(f'"{sorted(positive - known)[0]}" is not a known finding')
        labels[row.cells["image"]] = [finding in positive for finding in findings]
    return labels


def _scores(path: Path, listed: Mapping[str, tuple[str, str]], findings: Sequence[str]) -> dict[str, list[float]]:
    scores: dict[str, list[float]] = {}
    for row in _rows(path, ["image", "patient", "fold", *findings]):
        image = row.cells["image"]
        if image in scores:
            raise row.fail(f"{image} is predicted twice")
        if image not in listed:
            raise row.fail(f"{image} is in no fold")
        fold, patient = listed[image]
        if row.cells["patient"] != patient:
            raise row.fail(f"patient {row.cells['patient']} of {image} is {patient} in folds.csv")
        if row.cells["fold"] != fold:
            raise row.fail(f"{image} is in fold {fold}, not {row.cells['fold']}")
        scores[image] = [_probability(row, finding) for finding in findings]
    if not scores:
        raise UserError(f"{path} holds no predictions")
    return scores


def _probability(row: Row, finding: str) -> float:
    text = row.cells[finding]
    try:
        value = float(text)
    except ValueError:
        raise row.fail(f'{finding}: "{text}" is not a number') from None
    if not math.isfinite(value):
        raise row.fail(f"{finding}: the score is {text}, not a finite number")
    if not 0 <= value <= 1:
        raise row.fail(f"{finding}: {text} is no probability (0 to 1)")
    return value


def _rows(path: Path, columns: Sequence[str]) -> Iterator[Row]:
    try:
        file = path.open(encoding="utf-8", newline="")
    except OSError as error:
        raise UserError(f"Cannot read {path}: {error.strerror}") from error
    with file:
        reader = csv.reader(file)
        header = next(reader, [])
        absent = [column for column in columns if column not in header]
        if absent:
            raise UserError(f"{path}:1: no column {', '.join(absent)}")
        for cells in reader:
            if len(cells) != len(header):
                raise UserError(f"{path}:{reader.line_num}: {len(cells)} cells in a table of {len(header)} columns")
            yield Row(path, reader.line_num, dict(zip(header, cells, strict=True)))


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (", …" if len(names) > 3 else "")


def _digest(lines: Sequence[str]) -> str:
    return hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()
