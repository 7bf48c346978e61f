"""What a job is asked to do: job.json as the pipeline writes it, or made by main.py from its options."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from chexnet.mistakes import UserError
from chexnet.training.data import Radiographs, Sources
from chexnet.training.fields import Fields
from chexnet.training.params import (
    SPEED_ONLY,
    PredictParams,
    TrainParams,
    parse_predict_params,
    parse_train_params,
)


@dataclass(frozen=True, slots=True)
class TrainJob:
    """`out` receives the results, `resume` outlives attempts."""

    params: TrainParams
    sources: Sources
    out: Path
    resume: Path
    findings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PredictJob:
    """`model` is the folder of best.pt."""

    params: PredictParams
    sources: Sources
    model: Path
    out: Path
    findings: tuple[str, ...]


def read_job(path: Path) -> dict[str, object]:
    """The JSON object in the file. Raises UserError."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read as JSON: {error}.") from None
    if not isinstance(content, dict):
        raise UserError(f"{path} holds no JSON object.")
    return content


def parse_train_job(content: Mapping[str, object]) -> TrainJob:
    """Raises UserError."""
    fields = Fields(content, "job")
    job = TrainJob(
        params=_with_weights(parse_train_params(fields.nested("params").values), fields.optional_text("weights")),
        sources=_sources(fields),
        out=Path(fields.text("out")),
        resume=Path(fields.text("resume")),
        findings=fields.texts("findings"),
    )
    fields.end()
    return job


def parse_predict_job(content: Mapping[str, object]) -> PredictJob:
    """Raises UserError."""
    fields = Fields(content, "job")
    job = PredictJob(
        params=parse_predict_params(fields.nested("params").values),
        sources=_sources(fields),
        model=Path(fields.text("model")),
        out=Path(fields.text("out")),
        findings=fields.texts("findings"),
    )
    fields.text("resume")
    fields.end()
    return job


def settings_of(params: TrainParams) -> dict[str, object]:
    """The parameters that decide the result, as plain values without the place of any file."""
    values = {name: value for name, value in asdict(params).items() if name not in SPEED_ONLY}
    return {**values, "weights": None if params.weights is None else Path(params.weights).name}


def identity_of(job: TrainJob, data: Radiographs) -> str:
    """A digest of settings and images: a checkpoint is continued only by the training that wrote it.

    On another number of ranks too: its steps are of the same images, though not to the same bits.
    """
    images = {name: [*fold.images, *map(str, fold.rows.tolist())] for name, fold in data.folds.items()}
    settings = {name: value for name, value in settings_of(job.params).items() if name != "ranks"}
    content = {"settings": settings, "findings": job.findings, "images": images}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _with_weights(params: TrainParams, fetched: str | None) -> TrainParams:
    """`fetched`: the file of a stage that fetches weights, where there is one."""
    if fetched is None:
        return params
    if params.weights is not None:
        raise UserError(
            f"Weights are named twice: {params.weights} by the parameter weights, and those of the stage that fetches "
            "weights.",
            "Take out one of them.",
        )
    return replace(params, weights=fetched)


def _sources(fields: Fields) -> Sources:
    return Sources(
        images=Path(fields.text("images")), folds=Path(fields.text("folds")), dataset=Path(fields.text("dataset"))
    )
