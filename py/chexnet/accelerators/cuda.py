"""NVIDIA GPUs, one per rank."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import torch

from chexnet.accelerators.protocol import Absent, Capabilities, Place, Precision


def probe(place: Place) -> "CudaAccelerator | Absent":
    """The GPU of this rank, made current; or why there is none for it."""
    looked_for = (f"torch.cuda in torch {torch.__version__}", "an NVIDIA driver and a visible device")
    if torch.version.cuda is None:
        return Absent(
            because="this torch was built without CUDA",
            looked_for=looked_for,
            remedy="Install the CUDA build of torch, or use another device.",
        )
    if not torch.cuda.is_available():
        return Absent(
            because="no CUDA device is visible",
            looked_for=looked_for,
            remedy="Check nvidia-smi and CUDA_VISIBLE_DEVICES, or use another device.",
        )
    count = torch.cuda.device_count()
    if count < place.local_size:
        return Absent(
            because=f"{place.local_size} ranks need a CUDA device each and {count} can be seen",
            looked_for=looked_for,
            remedy=f"Use ranks: {count}, or another device.",
        )
    device = torch.device("cuda", place.local_rank)
    torch.cuda.set_device(device)
    return CudaAccelerator(device=device)


@dataclass(frozen=True, slots=True)
class CudaAccelerator:
    """The GPU whose index is the local rank."""

    device: torch.device

    name: ClassVar[str] = "cuda"
    backend: ClassVar[str] = "nccl"
    # The backward pass of max pooling adds with atomics.
    capabilities: ClassVar[Capabilities] = Capabilities(
        float64=True, bfloat16=True, channels_last=True, deterministic=False
    )

    def describe(self) -> str:
        memory = torch.cuda.get_device_properties(self.device).total_memory
        return f"{torch.cuda.get_device_name(self.device)}, {memory / 2**30:.0f} GiB, CUDA {torch.version.cuda}"

    def data_parallel_options(self) -> dict[str, object]:
        return {"device_ids": [self.device.index]}

    def autocast(self, precision: Precision) -> AbstractContextManager[object]:
        return torch.autocast("cuda", torch.bfloat16) if precision == "bf16" else nullcontext()

    def after_backward(self) -> None:
        pass

    def after_step(self) -> None:
        pass

    def synchronize(self) -> None:
        torch.cuda.synchronize(self.device)

    def stamp(self) -> object:
        event = torch.Event(self.device, enable_timing=True)
        event.record(torch.cuda.current_stream(self.device))
        return event

    def seconds_between(self, stamps: Sequence[object]) -> list[float]:
        events = [stamp for stamp in stamps if isinstance(stamp, torch.Event)]
        return [before.elapsed_time(after) / 1000 for before, after in pairwise(events)]

    def peak_memory_bytes(self) -> int | None:
        return torch.cuda.max_memory_allocated(self.device)

    def rng_state(self) -> torch.Tensor:
        return torch.cuda.get_rng_state(self.device)

    def set_rng_state(self, state: torch.Tensor) -> None:
        torch.cuda.set_rng_state(state, self.device)

    def stage(self, tensor: torch.Tensor) -> torch.Tensor:
        return tensor.pin_memory()

    def place(self, tensor: torch.Tensor) -> torch.Tensor:
        return tensor.to(self.device, non_blocking=True)
