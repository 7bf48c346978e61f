"""The processor itself: always there, exact, and what the tests compare the others with."""

import resource
import sys
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import ClassVar

import torch

from chexnet.accelerators.protocol import HOST, Capabilities, Place, Precision


def probe(place: Place) -> "CpuAccelerator":
    """Never absent."""
    return CpuAccelerator(threads=place.threads)


@dataclass(frozen=True, slots=True)
class CpuAccelerator:
    """One process with its host threads."""

    threads: int

    name: ClassVar[str] = "cpu"
    backend: ClassVar[str] = "gloo"
    device: ClassVar[torch.device] = HOST
    capabilities: ClassVar[Capabilities] = Capabilities(
        float64=True, bfloat16=True, channels_last=True, deterministic=True
    )

    def describe(self) -> str:
        return f"{processor_name()}, {self.threads} thread{'' if self.threads == 1 else 's'} per rank"

    def data_parallel_options(self) -> dict[str, object]:
        return {}

    def autocast(self, precision: Precision) -> AbstractContextManager[object]:
        return torch.autocast("cpu", torch.bfloat16) if precision == "bf16" else nullcontext()

    def after_backward(self) -> None:
        pass

    def after_step(self) -> None:
        pass

    def synchronize(self) -> None:
        pass

    def stamp(self) -> object:
        return time.perf_counter()

    def seconds_between(self, stamps: Sequence[object]) -> list[float]:
        times = [stamp for stamp in stamps if isinstance(stamp, float)]
        return [after - before for before, after in pairwise(times)]

    def peak_memory_bytes(self) -> int | None:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024

    def rng_state(self) -> torch.Tensor:
        return torch.random.get_rng_state()

    def set_rng_state(self, state: torch.Tensor) -> None:
        torch.random.set_rng_state(state)

    def stage(self, tensor: torch.Tensor) -> torch.Tensor:
        return tensor

    def place(self, tensor: torch.Tensor) -> torch.Tensor:
        return tensor


def processor_name() -> str:
    """The processor's model name as the kernel gives it."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "processor"
    names = [line.split(":", 1)[1].strip() for line in text.splitlines() if line.startswith("model name")]
    return names[0] if names else "processor"
