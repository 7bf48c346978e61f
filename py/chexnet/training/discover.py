"""Finds what the pipeline has preprocessed, for a training that is started by hand."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chexnet.mistakes import UserError
from chexnet.training.data import Sources

_RECORD = "stage.json"
_HOW_TO = "Make them with `npx pipeline run configs/demo.yaml --until preprocess`, or name a folder with lists of it."


@dataclass(frozen=True, slots=True)
class _Artifact:
    folder: Path
    type: str
    finished_at: str
    # The fingerprint of the dataset that it was made of.
    dataset: str | None


def newest_sources(state: Path) -> Sources:
    """The newest images in a state directory that have folds of the same dataset, with their newest folds.

    Raises UserError that says how to make them when there are none.
    """
    artifacts = [artifact for path in (state / "artifacts").glob(f"*/{_RECORD}") if (artifact := _read(path))]
    newest_first = sorted(artifacts, key=lambda artifact: artifact.finished_at, reverse=True)
    for images in newest_first:
        if images.type != "images" or images.dataset is None:
            continue
        dataset = state / "artifacts" / images.dataset
        for folds in newest_first:
            if folds.type == "folds" and folds.dataset == images.dataset and dataset.is_dir():
                return Sources(images=images.folder, folds=folds.folder, dataset=dataset)
    raise UserError(f"{state} holds no preprocessed images with their folds.", _HOW_TO)


def _read(path: Path) -> _Artifact | None:
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        datasets = [entry["fingerprint"] for entry in record["inputs"] if entry["type"] == "dataset"]
        return _Artifact(
            folder=path.parent,
            type=record["type"],
            finished_at=record["finishedAt"],
            dataset=datasets[0] if datasets else None,
        )
    except (OSError, ValueError, KeyError, TypeError):
        # Another run may be replacing it; what cannot be read is not there.
        return None
