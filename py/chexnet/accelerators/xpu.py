"""Intel GPUs, one per rank. Written to torch's documentation."""

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import ClassVar

import torch

from chexnet.accelerators.protocol import Absent, Capabilities, Place, Precision
from chexnet.accelerators.windows import mean_seconds

_LOW: dict[Precision, torch.dtype] = {"bf16": torch.bfloat16, "fp16": torch.float16}


def probe(place: Place) -> "XpuAccelerator | Absent":
    """The GPU of this rank, made current; or why there is none for it."""
    looked_for = (f"torch.xpu in torch {torch.__version__}",)
    count = torch.xpu.device_count() if torch.xpu.is_available() else 0
    if count < place.local_size:
        because = "no Intel GPU is visible" if count == 0 else f"{place.local_size} ranks need one each, not {count}"
        remedy = "Install the XPU build of torch and Intel's driver, or use another device."
        return Absent(because=because, looked_for=looked_for, remedy=remedy)
    device = torch.device("xpu", place.local_rank)
    torch.xpu.set_device(device)
    return XpuAccelerator(device=device)


@dataclass(frozen=True, slots=True)
class XpuAccelerator:
    """The GPU whose index is the local rank."""

    device: torch.device

    name: ClassVar[str] = "xpu"
    backend: ClassVar[str] = "xccl"
    capabilities: ClassVar[Capabilities] = Capabilities(
        precisions=("fp32", "bf16", "fp16"),
        channels_last=True,
        deterministic=False,
        average=True,
        sync_batch_norm=True,
        compiler="inductor",
    )

    def describe(self) -> str:
        return torch.xpu.get_device_name(self.device)

    def remarks(self, precision: Precision) -> tuple[str, ...]:
        del precision
        return ("Intel GPUs are untested: compare a few steps with device: cpu",)

    def prepare(self, precision: Precision) -> None:
        del precision

    def data_parallel_options(self) -> dict[str, object]:
        return {"device_ids": [self.device.index]}

    def autocast(self, precision: Precision) -> AbstractContextManager[object]:
        return torch.autocast("xpu", _LOW[precision]) if precision in _LOW else nullcontext()

    def after_backward(self) -> None:
        pass

    def after_step(self) -> None:
        pass

    def synchronize(self) -> None:
        torch.xpu.synchronize(self.device)

    def stamp(self) -> object:
        return time.perf_counter()

    def seconds_between(self, stamps: Sequence[object]) -> list[float]:
        return mean_seconds(stamps)

    def peak_memory_bytes(self) -> int | None:
        return torch.xpu.max_memory_allocated(self.device)

    def free_memory_bytes(self) -> int | None:
        # Some drivers do not tell; torch then raises.
        try:
            return int(torch.xpu.mem_get_info(self.device)[0])
        except RuntimeError:
            return None

    def rng_state(self) -> torch.Tensor:
        return torch.xpu.get_rng_state(self.device)

    def set_rng_state(self, state: torch.Tensor) -> None:
        torch.xpu.set_rng_state(state, self.device)

    def stage(self, tensor: torch.Tensor) -> torch.Tensor:
        return tensor.pin_memory("xpu")

    def place(self, tensor: torch.Tensor) -> torch.Tensor:
        return tensor.to(self.device, non_blocking=True)
