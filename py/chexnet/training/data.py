"""The pixels and labels of each fold, from the artifacts of dataset, split and preprocess."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from chexnet.mistakes import UserError
from chexnet.training.sampling import Integers
from chexnet.training.tables import Row, read_table, some

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Sources:
    """The three artifact folders that a job reads."""

    images: Path
    folds: Path
    dataset: Path


@dataclass(frozen=True, slots=True)
class Fold:
    """The images of one fold in the order of metadata.csv, and their labels (n, findings).

    `places`: where in metadata.csv, from 0; `rows`: where in the pixels.
    """

    name: str
    images: tuple[str, ...]
    patients: tuple[str, ...]
    places: Integers
    rows: Integers
    labels: npt.NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.images)


@dataclass(frozen=True, slots=True)
class Radiographs:
    """`pixels` (N, side, side) is a view of the file, not of memory. `left_out`: images in folds but quarantined."""

    pixels: Pixels
    folds: Mapping[str, Fold]
    left_out: tuple[str, ...]

    @property
    def side(self) -> int:
        return int(self.pixels.shape[1])

    def fold(self, name: str) -> Fold:
        """Raises UserError when the fold has no image."""
        if name not in self.folds:
            raise UserError(
                f"The fold {name} has no image.", f"folds.csv has {', '.join(self.folds) or 'none at all'}."
            )
        return self.folds[name]


def load_radiographs(sources: Sources, findings: Sequence[str]) -> Radiographs:
    """Raises UserError where the files contradict each other; only a quarantined image is left out, and counted."""
    row_of = _rows_of_pixels(sources.images / "index.csv")
    pixels = _open_pixels(sources.images / "images.npy", len(row_of))
    quarantined = _quarantined(sources.images / "quarantine.csv")
    fold_of = _folds(sources.folds / "folds.csv")
    members: dict[str, list[tuple[int, Row]]] = {}
    for place, row in enumerate(read_table(sources.dataset / "metadata.csv", ("image", "patient", "findings"))):
        if row["image"] in fold_of:
            members.setdefault(fold_of.pop(row["image"]), []).append((place, row))
    if fold_of:
        raise UserError(f"{sources.folds / 'folds.csv'} names images that metadata.csv lacks: {some(list(fold_of))}.")
    folds: dict[str, Fold] = {}
    left_out: list[str] = []
    for name, rows in members.items():
        absent = [row["image"] for _, row in rows if row["image"] not in row_of]
        unexplained = [image for image in absent if image not in quarantined]
        if unexplained:
            raise UserError(
                f"{sources.images} holds no pixels for {some(unexplained)}, which are in the fold {name}.",
                "Run preprocess on the same dataset as split.",
            )
        left_out.extend(absent)
        kept = [(place, row) for place, row in rows if row["image"] in row_of]
        if kept:
            folds[name] = _fold(name, kept, row_of, findings)
    return Radiographs(pixels=pixels, folds=folds, left_out=tuple(left_out))


def _fold(name: str, rows: Sequence[tuple[int, Row]], row_of: Mapping[str, int], findings: Sequence[str]) -> Fold:
    column_of = {finding: column for column, finding in enumerate(findings)}
    labels = np.zeros((len(rows), len(findings)), dtype=np.float32)
    for position, (_, row) in enumerate(rows):
        for finding in filter(None, row["findings"].split("|")):
            if finding not in column_of:
                raise row.fault(f"{finding} is no finding of this job ({', '.join(findings)}).")
            labels[position, column_of[finding]] = 1
    return Fold(
        name=name,
        images=tuple(row["image"] for _, row in rows),
        patients=tuple(row["patient"] for _, row in rows),
        places=np.array([place for place, _ in rows], dtype=np.int64),
        rows=np.array([row_of[row["image"]] for _, row in rows], dtype=np.int64),
        labels=labels,
    )


def _rows_of_pixels(index: Path) -> dict[str, int]:
    row_of: dict[str, int] = {}
    for position, row in enumerate(read_table(index, ("row", "image"))):
        if row["row"] != str(position):
            raise row.fault(f"row {row['row']} where {position} was expected.")
        if row["image"] in row_of:
            raise row.fault(f"{row['image']} is there twice.")
        row_of[row["image"]] = position
    return row_of


def _open_pixels(path: Path, count: int) -> Pixels:
    try:
        pixels = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise UserError(f"{path} cannot be read as an array: {error}.") from None
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[1] != pixels.shape[2]:
        raise UserError(f"{path} is {pixels.dtype} {pixels.shape}, not uint8 (images, side, side).")
    if len(pixels) != count:
        raise UserError(f"{path} holds {len(pixels)} images and its index.csv {count}.")
    view: Pixels = pixels
    return view


def _quarantined(path: Path) -> frozenset[str]:
    return frozenset(row["image"] for row in read_table(path, ("image",))) if path.exists() else frozenset()


def _folds(path: Path) -> dict[str, str]:
    fold_of: dict[str, str] = {}
    for row in read_table(path, ("image", "patient", "fold")):
        if row["image"] in fold_of:
            raise row.fault(f"{row['image']} is there twice.")
        fold_of[row["image"]] = row["fold"]
    return fold_of
