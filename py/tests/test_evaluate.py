"""Stage `evaluate` on real files: what it writes, and what it says about files that are wrong."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chexnet.mistakes import UserError
from chexnet.stages.evaluate import evaluate

FINDINGS = ["Mass", "Nodule", "Hernia"]

Table = list[list[str]]
Input = dict[str, Any]


@pytest.fixture
def files(tmp_path: Path) -> Input:
    """60 patients with two images each: 20 patients for val, 20 for test. Nobody has a hernia."""
    generator = np.random.default_rng(0)
    metadata, folds, predictions = (
        [["image", "patient", "findings"]],
        [["image", "patient", "fold"]],
        [["image", "patient", "fold", *FINDINGS]],
    )
    for patient in range(60):
        fold = ("train", "val", "test")[patient % 3]
        for follow_up in range(2):
            image = f"{patient:08d}_{follow_up:03d}.png"
            present = [finding for finding in FINDINGS[:2] if generator.random() < 0.3]
            metadata.append([image, str(patient), "|".join(present)])
            folds.append([image, str(patient), fold])
            scores = [f"{0.3 * (finding in present) + 0.6 * generator.random():.6g}" for finding in FINDINGS]
            if fold != "train":
                predictions.append([image, str(patient), fold, *scores])
    for name in ("dataset", "folds", "images", "out"):
        (tmp_path / name).mkdir()
    write(tmp_path / "dataset" / "metadata.csv", metadata)
    write(tmp_path / "folds" / "folds.csv", folds)
    write(tmp_path / "images" / "quarantine.csv", [["image", "reason"]])
    write(tmp_path / "predictions.csv", predictions)
    return {
        "predictions": str(tmp_path / "predictions.csv"),
        **{name: str(tmp_path / name) for name in ("dataset", "folds", "images", "out")},
        "findings": FINDINGS,
        "params": {"resamples": 100, "seed": 0, "level": 0.95},
    }


def write(path: Path, rows: Table) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def change(path: str, edit: Callable[[Table], Table]) -> None:
    with Path(path).open(encoding="utf-8", newline="") as file:
        rows = edit(list(csv.reader(file)))
    write(Path(path), rows)


def document(files: Input) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((Path(files["out"]) / "evaluation.json").read_text(encoding="utf-8"))
    return loaded


def test_each_predicted_fold_is_measured_and_the_test_fold_is_the_headline(files: Input) -> None:
    summary = evaluate(files)
    written = document(files)
    assert written["schema"] == "pipeline/evaluation/v1"
    assert [fold["fold"] for fold in written["folds"]] == ["val", "test"]
    assert (summary["fold"], summary["images"], summary["patients"], summary["classes"]) == (
        "test",
        40,
        20,
        2,
    )
    macro = written["folds"][1]["averages"]["auroc"]["macro"]
    assert summary["macro_auroc"] == macro["value"]
    assert macro["low"] < macro["value"] < macro["high"]
    assert written["folds"][1]["undefined"] == ["Hernia"]


def test_the_release_of_the_labels_is_stamped_on_the_scores(files: Input) -> None:
    evaluate(files)
    assert document(files)["labels"] is None
    card = {"labels": {"state": "C", "because": "1,431 images with Pneumonia"}, "images": 40}
    (Path(files["dataset"]) / "data-card.json").write_text(json.dumps(card), encoding="utf-8")
    evaluate(files)
    assert document(files)["labels"] == card["labels"]


def test_the_same_files_give_the_same_bytes(files: Input) -> None:
    evaluate(files)
    first = (Path(files["out"]) / "evaluation.json").read_bytes()
    evaluate(files)
    assert (Path(files["out"]) / "evaluation.json").read_bytes() == first


def test_the_order_of_the_prediction_rows_does_not_matter(files: Input) -> None:
    evaluate(files)
    first = (Path(files["out"]) / "evaluation.json").read_bytes()
    change(files["predictions"], lambda rows: [rows[0], *reversed(rows[1:])])
    evaluate(files)
    assert (Path(files["out"]) / "evaluation.json").read_bytes() == first


def test_a_quarantined_image_needs_no_prediction(files: Input) -> None:
    image = "00000002_000.png"
    change(files["predictions"], lambda rows: [row for row in rows if row[0] != image])
    with pytest.raises(UserError, match=r"No prediction for 1 of 40 images of fold test: 00000002_000\.png$"):
        evaluate(files)
    write(Path(files["images"]) / "quarantine.csv", [["image", "reason"], [image, "cut short"]])
    assert evaluate(files)["images"] == 39


def test_an_image_that_is_not_at_hand_needs_no_prediction(files: Input) -> None:
    image = "00000002_000.png"
    change(files["predictions"], lambda rows: [row for row in rows if row[0] != image])
    change(f"{files['dataset']}/metadata.csv", lambda rows: [row for row in rows if row[0] != image])
    assert evaluate(files)["images"] == 39


def test_only_the_validation_fold_is_measured_when_only_that_was_predicted(files: Input) -> None:
    change(files["predictions"], lambda rows: [row for row in rows if row[2] != "test"])
    assert evaluate(files)["fold"] == "val"


def cell(line: int, column: int, text: str) -> Callable[[Table], Table]:
    def edit(rows: Table) -> Table:
        rows[line - 1][column] = text
        return rows

    return edit


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (cell(2, 3, "nan"), r"predictions.csv:2: Mass: the score is nan, not a finite number"),
        (cell(2, 3, "inf"), r"predictions.csv:2: Mass: the score is inf, not a finite number"),
        (cell(3, 4, "1.5"), r"predictions.csv:3: Nodule: 1.5 is no probability \(0 to 1\)"),
        (cell(3, 4, "-0.1"), r"predictions.csv:3: Nodule: -0.1 is no probability"),
        (cell(3, 4, ""), r'predictions.csv:3: Nodule: "" is not a number'),
        (cell(3, 1, "7"), r"predictions.csv:3: patient 7 of 00000001_001.png is 1 in folds.csv"),
        (cell(3, 2, "test"), r"predictions.csv:3: 00000001_001.png is in fold val, not test"),
        (cell(3, 0, "x.png"), r"predictions.csv:3: x.png is in no fold"),
        (cell(1, 3, "mass"), r"predictions.csv:1: no column Mass"),
        (lambda rows: [*rows, rows[1]], r"predictions.csv:82: 00000001_000.png is predicted twice"),
        (lambda rows: [*rows[:-1], rows[-1][:-1]], r"predictions.csv:81: 5 cells in a table of 6 columns"),
        (lambda rows: rows[:1], r"holds no predictions"),
        (lambda rows: [*rows[:1], *rows[2:]], r"No prediction for 1 of 40 images of fold val"),
    ],
)
def test_bad_predictions_are_refused_with_the_line_at_fault(
    files: Input, edit: Callable[[Table], Table], message: str
) -> None:
    change(files["predictions"], edit)
    with pytest.raises(UserError, match=message) as caught:
        evaluate(files)
    assert caught.value.user_message == str(caught.value)
    assert not (Path(files["out"]) / "evaluation.json").exists()


def test_a_finding_that_nobody_knows_is_refused(files: Input) -> None:
    change(str(Path(files["dataset"]) / "metadata.csv"), cell(4, 2, "Mass|Tumour"))
    with pytest.raises(UserError, match=r'metadata.csv:4: "Tumour" is not a known finding'):
        evaluate(files)


def test_a_missing_file_is_named(files: Input) -> None:
    Path(files["predictions"]).unlink()
    with pytest.raises(UserError, match=r"Cannot read .*predictions.csv: No such file or directory"):
        evaluate(files)


@pytest.mark.parametrize(("name", "value"), [("resamples", -1), ("level", 0), ("level", 1)])
def test_parameters_out_of_range_are_refused(files: Input, name: str, value: float) -> None:
    files["params"][name] = value
    with pytest.raises(UserError, match=f"{name}: {value} is"):
        evaluate(files)
