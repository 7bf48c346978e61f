"""The files that a finished training leaves: models with what is needed to use them, and its history."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict

import torch

from chexnet.accelerators.protocol import HOST
from chexnet.training.averages import Tensors
from chexnet.training.checkpoint import Snapshot
from chexnet.training.files import Written, write_bytes, write_tensors
from chexnet.training.history import history_csv
from chexnet.training.job import TrainJob, settings_of
from chexnet.training.progress import Best, OtherRanks
from chexnet.training.step_log import STEPS_FILE
from chexnet.training.weight_layouts import MODEL_SCHEMA, exported_from

BEST_FILE = "best.pt"
LAST_FILE = "last.pt"

_LATEST_SCHEMA = "chexnet/latest/v1"


def model_content(
    job: TrainJob,
    epoch: Best,
    tensors: Tensors,
    started_from: Mapping[str, object] | None,
    *,
    other_ranks: Sequence[OtherRanks],
) -> dict[str, object]:
    """A model file: tensors by torchvision's names, and the findings, input and settings that they belong to.

    `started_from`: the weights that the training began with, None for random ones; `other_ranks`: changes of the number
    of ranks on the way. It holds no time and no path, so that equal trainings give equal files.
    """
    return {
        "schema": MODEL_SCHEMA,
        "model": {name: _plain(tensor) for name, tensor in tensors.items()},
        "findings": list(job.findings),
        "input": asdict(job.params.input),
        "backbone": job.params.backbone,
        "params": settings_of(job.params),
        "epoch": epoch.epoch,
        "step": epoch.step,
        "metric": {"name": epoch.measure, "value": epoch.value},
        **_origin(started_from),
        **_changes(other_ranks),
    }


def write_outputs(job: TrainJob, snapshot: Snapshot) -> Mapping[str, object]:
    """Fill `out` from the last checkpoint alone; the same checkpoint gives the same bytes. Returns latest.json."""
    progress, best = snapshot.progress, snapshot.progress.best
    if best is None or snapshot.best is None:
        raise AssertionError("Internal error: a finished training has a best epoch")
    job.out.mkdir(parents=True, exist_ok=True)
    kept = write_bytes(job.out / BEST_FILE, (job.resume / snapshot.best.name).read_bytes())
    row = progress.history[-1]
    value = {"val_auroc_macro": row["val_auroc_macro"], "val_loss": row["val_loss"]}.get(best.measure)
    last = Best(
        epoch=progress.epoch,
        step=progress.step,
        measure=best.measure,
        value=float(value) if isinstance(value, float) else None,
    )
    started_from = snapshot.tensors.get("started_from")
    exported = exported_from(snapshot.tensors)
    files = {
        "best": (kept, best),
        "last": (
            write_tensors(
                job.out / LAST_FILE, model_content(job, last, exported, started_from, other_ranks=progress.other_ranks)
            ),
            last,
        ),
    }
    write_bytes(job.out / "history.csv", history_csv(progress.history).encode())
    with open(job.resume / STEPS_FILE, "rb") as steps:
        write_bytes(job.out / STEPS_FILE, steps.read(progress.steps_bytes))
    latest: dict[str, object] = {
        "schema": _LATEST_SCHEMA,
        "epochs": progress.epoch,
        "steps": progress.step,
        **_origin(started_from),
        **_changes(progress.other_ranks),
        **{name: _entry(written, epoch) for name, (written, epoch) in files.items()},
    }
    write_bytes(job.out / "latest.json", json.dumps(latest, indent=1, allow_nan=False).encode() + b"\n")
    return latest


def _origin(started_from: Mapping[str, object] | None) -> dict[str, object]:
    return {} if started_from is None else {"started_from": dict(started_from)}


def _changes(other_ranks: Sequence[OtherRanks]) -> dict[str, object]:
    return {"other_ranks": [asdict(change) for change in other_ranks]} if other_ranks else {}


def _entry(written: Written, epoch: Best) -> dict[str, object]:
    metric = {"name": epoch.measure, "value": epoch.value}
    return {
        "file": written.name,
        "sha256": written.sha256,
        "bytes": written.bytes,
        "epoch": epoch.epoch,
        "step": epoch.step,
        "metric": metric,
    }


def _plain(tensor: torch.Tensor) -> torch.Tensor:
    """On the host, in a storage and memory layout of its own."""
    return tensor.detach().to(HOST).clone(memory_format=torch.contiguous_format)
