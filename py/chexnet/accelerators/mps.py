"""The GPU of an Apple processor: one process, no collectives, no float64. Written to torch's documentation."""

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import ClassVar

import torch

from chexnet.accelerators.protocol import Absent, Capabilities, Place, Precision
from chexnet.accelerators.windows import mean_seconds


def probe(place: Place) -> "MpsAccelerator | Absent":
    """The machine's only one; or why there is none."""
    looked_for = (f"torch.backends.mps in torch {torch.__version__}",)
    if not torch.backends.mps.is_available():
        because = "this torch was built without Metal, or this is no Apple processor"
        return Absent(because=because, looked_for=looked_for, remedy="Use another device.")
    if place.local_size > 1:
        because = f"it serves one process, and there are {place.local_size} ranks"
        return Absent(because=because, looked_for=looked_for, remedy="Use ranks: 1, or another device.")
    return MpsAccelerator()


@dataclass(frozen=True, slots=True)
class MpsAccelerator:
    """The one GPU, in the memory of the processor."""

    name: ClassVar[str] = "mps"
    backend: ClassVar[str] = "gloo"
    device: ClassVar[torch.device] = torch.device("mps")
    capabilities: ClassVar[Capabilities] = Capabilities(
        precisions=("fp32", "fp16"),
        channels_last=False,
        deterministic=False,
        average=False,
        sync_batch_norm=False,
        compiler=None,
    )

    def describe(self) -> str:
        return "Apple GPU (Metal)"

    def remarks(self, precision: Precision) -> tuple[str, ...]:
        del precision
        return ("Apple GPUs are untested: compare a few steps with device: cpu",)

    def prepare(self, precision: Precision) -> None:
        del precision

    def data_parallel_options(self) -> dict[str, object]:
        return {}

    def autocast(self, precision: Precision) -> AbstractContextManager[object]:
        return torch.autocast("mps", torch.float16) if precision == "fp16" else nullcontext()

    def after_backward(self) -> None:
        pass

    def after_step(self) -> None:
        pass

    def synchronize(self) -> None:
        torch.mps.synchronize()

    def stamp(self) -> object:
        return time.perf_counter()

    def seconds_between(self, stamps: Sequence[object]) -> list[float]:
        return mean_seconds(stamps)

    def peak_memory_bytes(self) -> int | None:
        return None

    def free_memory_bytes(self) -> int | None:
        # A share of the machine's own memory.
        return max(0, torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory())

    def rng_state(self) -> torch.Tensor:
        return torch.mps.get_rng_state()

    def set_rng_state(self, state: torch.Tensor) -> None:
        torch.mps.set_rng_state(state)

    def stage(self, tensor: torch.Tensor) -> torch.Tensor:
        return tensor

    def place(self, tensor: torch.Tensor) -> torch.Tensor:
        return tensor.to(self.device)
