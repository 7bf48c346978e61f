"""A device that computes on the processor and claims what a test wants it to: memory of its own, a compiler.

`python -m tests.imagined --job JOB.json --claims CLAIMS.json` trains on it, as one rank of those that torchrun starts.
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
from chexnet.training.entry import run_rank
from chexnet.training.job import parse_train_job, read_job
from chexnet.training.trainer import run_training


@dataclass(frozen=True, slots=True)
class Imagined:
    """All but the claims is the processor's. `free`: bytes of its memory, None when it does not tell."""

    processor: CpuAccelerator
    free: int | None
    compiler: str | None

    # Of the processor, and yet not equal to its own name of it.
    device: ClassVar[torch.device] = torch.device("cpu", 0)

    @property
    def capabilities(self) -> Capabilities:
        return replace(self.processor.capabilities, compiler=self.compiler)

    def describe(self) -> str:
        return "an imagined device"

    def free_memory_bytes(self) -> int | None:
        return self.free

    def __getattr__(self, name: str) -> Any:
        return getattr(self.processor, name)


def imagined(*, free: int | None = None, compiler: str | None = None) -> Accelerator:
    return cast(Accelerator, Imagined(CpuAccelerator(threads=1), free, compiler))


def choosing(claims: Mapping[str, Any]) -> Choosing:
    """Takes the imagined device, whatever is asked for."""
    return lambda _requested, _place: Choice(imagined(**claims), because="a test")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--job", type=Path, required=True)
    parser.add_argument("--claims", type=Path, required=True)
    options = parser.parse_args()
    claims = json.loads(options.claims.read_text())
    job = parse_train_job(read_job(options.job))
    run_rank(lambda: run_training(job, Journal.from_environment(), choosing=choosing(claims)))


if __name__ == "__main__":
    main()
