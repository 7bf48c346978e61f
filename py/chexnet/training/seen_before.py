"""Whether starting weights may have seen images of val or test: the audit of split says whether that was checked."""

import json
from collections.abc import Mapping
from pathlib import Path

_CHECK = "trained-on"


def seen_before(started_from: Mapping[str, object] | None, folds: Path) -> str | None:
    """A warning where weights know these findings and nobody has said on which images they were trained.

    `started_from`: the facts of the weights; `folds`: the folder of audit.json, which lists of one's own may lack.
    """
    if started_from is None or started_from.get("head") == "new" or _is_checked(folds / "audit.json"):
        return None
    chexnet = ", or chexnet for the published one" if started_from.get("layout") == "chexnet" else ""
    return (
        f"warning: whether {started_from.get('file')} was trained on images of val or test is not checked: "
        f"name its training list in the split stage (trained_on: a file{chexnet})"
    )


def origin_facts(started_from: object, folds: Path) -> dict[str, object]:
    """Headline facts of a training about the weights that it was started from; none for random weights."""
    if not isinstance(started_from, Mapping):
        return {}
    unchecked = seen_before(started_from, folds) is not None
    return {
        "weights": started_from["file"],
        "weights_sha256": started_from["sha256"],
        # The finished stage's line shows it, and the record keeps it.
        **({"weights_trained_on": "not checked"} if unchecked else {}),
    }


def _is_checked(audit: Path) -> bool:
    try:
        checks = json.loads(audit.read_text(encoding="utf-8"))["checks"]
        return any(check["name"] == _CHECK and check["status"] != "not-checked" for check in checks)
    except (OSError, ValueError, KeyError, TypeError):
        return False
