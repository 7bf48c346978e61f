"""The pixels and labels of each fold, from the artifacts of dataset, split and preprocess."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from chexnet.mistakes import UserError
from chexnet.training.sampling import Integers, random_subset
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

    def at(self, positions: Integers) -> "Fold":
        """The images at these positions, in their order."""
        return Fold(
            name=self.name,
            images=tuple(self.images[at] for at in positions),
            patients=tuple(self.patients[at] for at in positions),
            places=self.places[positions],
            rows=self.rows[positions],
            labels=self.labels[positions],
        )


@dataclass(frozen=True, slots=True)
class Radiographs:
    """`pixels` (N, side, side) is a view of the file, not of memory.

    `left_out`: images of the data set that are in folds but quarantined. `not_at_hand`: by fold, images of folds.csv
    that the data set does not hold, because the folds were made of the tables of more images than there are files.
    `passed_over`: images at hand that a training was told not to use.
    """

    pixels: Pixels
    folds: Mapping[str, Fold]
    left_out: tuple[str, ...]
    not_at_hand: Mapping[str, tuple[str, ...]]
    passed_over: int = 0

    @property
    def side(self) -> int:
        return int(self.pixels.shape[1])

    def fold(self, name: str) -> Fold:
        """Raises UserError when the fold has no image."""
        fold = self.optional_fold(name)
        if fold is None:
            raise UserError(
                f"The fold {name} has no image.", f"folds.csv has {', '.join(self.folds) or 'none at all'}."
            )
        return fold

    def optional_fold(self, name: str) -> Fold | None:
        """None when folds.csv has no such fold. Raises UserError when it has, and not one of its images is at hand."""
        if name not in self.folds and self.not_at_hand.get(name):
            raise UserError(
                f"The fold {name} has no image: the {len(self.not_at_hand[name]):,} in folds.csv are not at hand.",
                "Take more images, or run split on the images that are at hand.",
            )
        return self.folds.get(name)

    def remarks(self) -> list[str]:
        """What is left out of the folds, counted, for people. Empty when all is there."""
        absent = [image for images in self.not_at_hand.values() for image in images]
        held = sum(map(len, self.folds.values())) + self.passed_over + len(self.left_out)
        remarks = []
        if absent:
            by_fold = ", ".join(f"{len(images):,} of {name}" for name, images in self.not_at_hand.items())
            count = f"{len(absent):,} of {held + len(absent):,} images of folds.csv"
            remarks.append(f"{count} are not at hand and are left out ({by_fold})")
        if self.left_out:
            remarks.append(f"{len(self.left_out)} quarantined images are left out: {some(self.left_out)}")
        return remarks

    def limited(self, name: str, images: int | None, *, seed: int) -> "Radiographs":
        """With so many images of a fold, chosen by the seed, in the order that they had; None: with all.

        Fewer images of the same seed are among more. Raises UserError when the fold has not as many.
        """
        if images is None:
            return self
        fold = self.fold(name)
        if images > len(fold):
            raise UserError(
                f"params.images is {images:,} and the fold {name} has {len(fold):,} images.",
                "Lower images, or leave it out to take all.",
            )
        kept = fold.at(random_subset(len(fold), images, seed=seed))
        passed_over = self.passed_over + len(fold) - images
        return replace(self, folds={**self.folds, name: kept}, passed_over=passed_over)


def load_radiographs(sources: Sources, findings: Sequence[str]) -> Radiographs:
    """Quarantined images and those that the data set does not hold are left out, and counted.

    Raises UserError where the files contradict each other: no image of folds.csv is in metadata.csv, or one that is in
    both has neither pixels nor a place in the quarantine.
    """
    row_of = _rows_of_pixels(sources.images / "index.csv")
    pixels = _open_pixels(sources.images / "images.npy", len(row_of))
    quarantined = _quarantined(sources.images / "quarantine.csv")
    fold_of = _folds(sources.folds / "folds.csv")
    members: dict[str, list[tuple[int, Row]]] = {}
    for place, row in enumerate(read_table(sources.dataset / "metadata.csv", ("image", "patient", "findings"))):
        if row["image"] in fold_of:
            members.setdefault(fold_of.pop(row["image"]), []).append((place, row))
    if fold_of and not members:
        raise UserError(
            f"None of the {len(fold_of):,} images of {sources.folds / 'folds.csv'} is in metadata.csv.",
            "Run split on this data set, or on the tables that its images belong to.",
        )
    folds: dict[str, Fold] = {}
    left_out: list[str] = []
    for name, rows in members.items():
        absent = [row["image"] for _, row in rows if row["image"] not in row_of]
        unexplained = [image for image in absent if image not in quarantined]
        if unexplained:
            raise UserError(
                f"{sources.images} holds no pixels for {some(unexplained)}, which are in the fold {name}.",
                "Take the same data set here as for preprocess.",
            )
        left_out.extend(absent)
        kept = [(place, row) for place, row in rows if row["image"] in row_of]
        if kept:
            folds[name] = _fold(name, kept, row_of, findings)
    return Radiographs(pixels=pixels, folds=folds, left_out=tuple(left_out), not_at_hand=_by_fold(fold_of))


def _by_fold(fold_of: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    images: dict[str, list[str]] = {}
    for image, fold in fold_of.items():
        images.setdefault(fold, []).append(image)
    return {fold: tuple(names) for fold, names in images.items()}


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
