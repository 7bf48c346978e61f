"""Stage `evaluate`: predictions and labels to `evaluation.json`."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chexnet.evaluation.measure import JsonObject, Method, measure
from chexnet.evaluation.tables import Fold, read_folds
from chexnet.mistakes import UserError

SCHEMA = "pipeline/evaluation/v1"


def evaluate(input: Mapping[str, Any]) -> JsonObject:
    """Score every predicted fold and write `evaluation.json` (described in pipeline/model/evaluation.ts).

    Input: `predictions` (CSV file), `dataset` and `folds` (folders), `images` (folder or null: its quarantined images
    have no prediction), `out` (folder), `findings` (names in order), `params` (resamples, seed, level).

    Returns:
        The headline: macro AUROC and average precision of the test fold, or of the last fold that was predicted.

    Raises:
        UserError: the files are malformed or contradict each other; its `user_message` says how.
    """
    method = _method(input["params"])
    folds = read_folds(
        predictions=Path(input["predictions"]),
        dataset=Path(input["dataset"]),
        folds=Path(input["folds"]),
        quarantine=None if input.get("images") is None else Path(input["images"]) / "quarantine.csv",
        findings=input["findings"],
    )
    measured = [_measured(fold, method) for fold in folds]
    document = {
        "schema": SCHEMA,
        "findings": list(input["findings"]),
        "method": {
            "resamples": method.resamples,
            "seed": method.seed,
            "level": method.level,
            "clusters": "patient",
            "interval": "log-odds",
        },
        "labels": _label_state(Path(input["dataset"]) / "data-card.json"),
        "folds": measured,
    }
    text = json.dumps(document, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    (Path(input["out"]) / "evaluation.json").write_text(text + "\n", encoding="utf-8")
    return _headline(measured[-1])


def _label_state(card: Path) -> JsonObject | None:
    """Which release the labels are of: scores differ between them. None where the data set does not say."""
    if not card.exists():
        return None
    labels = json.loads(card.read_text(encoding="utf-8"))["labels"]
    return {"state": labels["state"], "because": labels["because"]}


def _method(params: Mapping[str, Any]) -> Method:
    method = Method(resamples=params["resamples"], seed=params["seed"], level=params["level"])
    if method.resamples < 0:
        raise UserError(f"resamples: {method.resamples} is negative")
    if not 0 < method.level < 1:
        raise UserError(f"level: {method.level} is not between 0 and 1")
    return method


def _measured(fold: Fold, method: Method) -> JsonObject:
    digests = {"images": fold.images_digest, "labels": fold.labels_digest}
    return {"fold": fold.name, "digests": digests, **measure(fold.scores, method)}


def _headline(fold: JsonObject) -> JsonObject:
    macro = {metric: fold["averages"][metric]["macro"] for metric in ("auroc", "average_precision")}
    return {
        "fold": fold["fold"],
        "images": fold["images"],
        "patients": fold["patients"],
        "classes": fold["averages"]["classes"],
        "macro_auroc": macro["auroc"].get("value"),
        "macro_auroc_low": macro["auroc"].get("low"),
        "macro_auroc_high": macro["auroc"].get("high"),
        "macro_average_precision": macro["average_precision"].get("value"),
    }
