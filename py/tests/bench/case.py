"""One way to train that is measured, and the job that asks the product for it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from chexnet.accelerators.protocol import Precision
from chexnet.findings import FINDINGS
from chexnet.training.job import TrainJob, parse_train_job

# Far beyond what is measured: an epoch must not end, nor a checkpoint be written, within it.
_ENDLESS = 1_000_000


@dataclass(frozen=True, slots=True)
class Case:
    """`crop` pixels are seen of images that are stored at `stored`; `batch` is global; `threads` per rank."""

    stored: int
    crop: int
    batch: int
    precision: Precision = "fp32"
    channels_last: bool = True
    compile: bool = False
    deterministic: bool = False
    ten_crop: bool = False
    ranks: int = 1
    threads: int | None = None
    device: str = "cpu"

    def described(self) -> dict[str, object]:
        """For a record: what is not as usual is left in, what is as usual left out."""
        usual = asdict(Case(stored=0, crop=0, batch=0))
        return {name: value for name, value in asdict(self).items() if name in _ALWAYS or value != usual[name]}

    def on(self, device: str, threads: int | None) -> "Case":
        return replace(self, device=device, threads=threads)


_ALWAYS = frozenset({"crop", "batch", "precision", "channels_last", "compile"})


def endless_job(case: Case, files: Mapping[str, str], folder: Path, *, report_steps: int) -> TrainJob:
    """A training that is ended from outside, with a report every so many steps."""
    return job_of(case, files, folder, epochs=_ENDLESS, report_steps=report_steps, checkpoint_steps=_ENDLESS)


def job_of(case: Case, files: Mapping[str, str], folder: Path, **params: object) -> TrainJob:
    """The job of a training with usual augmentation, or in ten crops as the preset origin has them."""
    recipe: dict[str, object] = {
        "augment": {"flip": 0.5},
        "optimizer": {"name": "sgd", "lr": 1e-3, "momentum": 0.9},
    }
    if case.ten_crop:
        recipe = {
            "ten_crop": True,
            "loss": {"name": "sigmoid-cross-entropy"},
            "optimizer": {"name": "sgd", "lr": 1e-4, "momentum": 0.9},
            "best_by": "last",
            "prior_bias": False,
        }
    content = {
        "params": {
            "device": case.device,
            "ranks": case.ranks,
            "threads": case.threads,
            "batch_size": case.batch,
            "input": {"crop": case.crop, "normalize": "imagenet"},
            "precision": case.precision,
            "compile": case.compile,
            "deterministic": case.deterministic,
            **recipe,
            **params,
        },
        **files,
        "out": str(folder / "out"),
        "resume": str(folder / "resume"),
        "findings": list(FINDINGS),
    }
    return parse_train_job(content)
