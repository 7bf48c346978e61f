"""A device that computes on the processor and claims what a test wants it to: memory of its own, a compiler.

`python -m tests.imagined --job JOB.json` trains a small network on it, as one rank of those that torchrun starts. The
claims are in `claims.json` beside the job.
"""

import argparse
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, cast

import torch

from chexnet.accelerators.choose import Choice, Choosing
from chexnet.accelerators.cpu import CpuAccelerator
from chexnet.accelerators.protocol import Accelerator, Capabilities
from chexnet.runtime.journal import Journal
from chexnet.training.backbones import Model
from chexnet.training.densenet import DenseNet
from chexnet.training.entry import run_rank
from chexnet.training.job import TrainJob, parse_train_job, read_job
from chexnet.training.params import Backbone
from chexnet.training.trainer import run_training


@dataclass(frozen=True, slots=True)
class Imagined:
    """All but the claims is the processor's. `free`: bytes of its memory, None when it does not tell.

    `bucket_mb`: how large gradients are together that are averaged at once, None as torch has it.
    """

    processor: CpuAccelerator
    free: int | None
    compiler: str | None
    bucket_mb: float | None

    # Of the processor, and yet not equal to its own name of it.
    device: ClassVar[torch.device] = torch.device("cpu", 0)

    @property
    def capabilities(self) -> Capabilities:
        return replace(self.processor.capabilities, compiler=self.compiler)

    def describe(self) -> str:
        return "an imagined device"

    def free_memory_bytes(self) -> int | None:
        return self.free

    def data_parallel_options(self) -> dict[str, object]:
        return {} if self.bucket_mb is None else {"bucket_cap_mb": self.bucket_mb}

    def __getattr__(self, name: str) -> Any:
        return getattr(self.processor, name)


def imagined(*, free: int | None = None, compiler: str | None = None, bucket_mb: float | None = None) -> Accelerator:
    return cast(Accelerator, Imagined(CpuAccelerator(threads=1), free, compiler, bucket_mb))


def choosing(claims: Mapping[str, Any]) -> Choosing:
    """Takes the imagined device, whatever is asked for."""
    return lambda _requested, _place: Choice(imagined(**claims), because="a test")


def small(_backbone: Backbone, outputs: int) -> Model:
    """A DenseNet of one layer a block, in place of the one that is named."""
    return DenseNet(outputs, (1, 1, 1, 1))


def train_on(claims: Mapping[str, Any], job: TrainJob, journal: Journal) -> int:
    return run_training(job, journal, choosing=choosing(claims), building=small)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--job", type=Path, required=True)
    path: Path = parser.parse_args().job
    claims = json.loads(path.with_name("claims.json").read_text())
    run_rank(lambda: train_on(claims, parse_train_job(read_job(path)), Journal.from_environment()))


if __name__ == "__main__":
    main()
