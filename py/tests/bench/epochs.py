"""One epoch from the job to its files, as `pipeline run` would train it, without validation images."""

import json
import time
from collections.abc import Mapping
from pathlib import Path

from chexnet.runtime.journal import Journal
from chexnet.training.trainer import run_training
from tests.bench.case import Case, job_of
from tests.bench.figures import rounded

_TAKEN_OVER = (
    "train_seconds",
    "images_per_second",
    "step_ms_p50",
    "step_ms_p95",
    "loader_stall_share",
    "peak_memory_bytes",
)


def train_epoch(case: Case, files: Mapping[str, str], folder: Path, *, images: int) -> dict[str, object]:
    """`seconds`: of all, with loading the model, a checkpoint and the export; `train_seconds`: of the steps alone."""
    journal = folder / "journal.ndjson"
    job = job_of(case, files, folder, epochs=1, images=images, checkpoint_steps=1_000_000, last_batch="keep")
    begun = time.perf_counter()
    code = run_training(job, Journal(str(journal)))
    seconds = time.perf_counter() - begun
    if code != 0:
        raise RuntimeError(f"the training ended with code {code}")
    events = [json.loads(line) for line in journal.read_text().splitlines()]
    metrics = next(event["metrics"] for event in events if event["type"] == "epoch")
    taken_over = {name: metrics[name] for name in _TAKEN_OVER if metrics[name] is not None}
    return {**case.described(), "images": images, "seconds": rounded(seconds), **taken_over}
