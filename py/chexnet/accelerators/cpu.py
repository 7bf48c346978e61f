"""The processor itself: always there, exact, and what the tests compare the others with."""

import resource
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import ClassVar

import torch

from chexnet.accelerators.protocol import HOST, Capabilities, Place, Precision

CPUINFO = Path("/proc/cpuinfo")

_LOW: dict[Precision, torch.dtype] = {"bf16": torch.bfloat16, "fp16": torch.float16}
# As Linux names them, of Intel and AMD, and of ARM.
_INSTRUCTIONS: dict[Precision, frozenset[str]] = {
    "bf16": frozenset({"avx512_bf16", "amx_bf16", "bf16"}),
    "fp16": frozenset({"avx512_fp16", "amx_fp16", "fphp"}),
}


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
        precisions=("fp32", "bf16", "fp16", "fp64"),
        channels_last=True,
        deterministic=True,
        average=False,
        # Its kernels across ranks refuse tensors of the host.
        sync_batch_norm=False,
        compiler="inductor",
    )

    def describe(self) -> str:
        return f"{processor_name()}, {self.threads} thread{'' if self.threads == 1 else 's'} per rank"

    def remarks(self, precision: Precision) -> tuple[str, ...]:
        wanted = _INSTRUCTIONS.get(precision)
        if wanted is None or wanted & _instructions():
            return ()
        return (f"this processor has no instructions for {precision}: it is emulated, and slower than fp32",)

    def prepare(self, precision: Precision) -> None:
        del precision

    def data_parallel_options(self) -> dict[str, object]:
        return {}

    def autocast(self, precision: Precision) -> AbstractContextManager[object]:
        return torch.autocast("cpu", _LOW[precision]) if precision in _LOW else nullcontext()

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

    def free_memory_bytes(self) -> int | None:
        # The page cache holds the file already.
        return None

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
    return next(_values("model name"), "processor")


def _instructions() -> frozenset[str]:
    """Extensions of the instruction set that the processor has, none where the kernel does not tell."""
    return frozenset(name for line in (*_values("flags"), *_values("Features")) for name in line.split())


def _values(name: str) -> Iterator[str]:
    try:
        text = CPUINFO.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    for line in text.splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            yield value.strip()
