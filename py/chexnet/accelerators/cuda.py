"""NVIDIA GPUs, one per rank."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import torch

from chexnet.accelerators.protocol import Absent, Capabilities, Place, Precision

_AMPERE = (8, 0)
_LOW: dict[Precision, torch.dtype] = {"bf16": torch.bfloat16, "fp16": torch.float16}


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
    return CudaAccelerator(device=device, generation=torch.cuda.get_device_capability(device))


@dataclass(frozen=True, slots=True)
class CudaAccelerator:
    """The GPU whose index is the local rank."""

    device: torch.device
    generation: tuple[int, int]

    name: ClassVar[str] = "cuda"
    backend: ClassVar[str] = "nccl"

    @property
    def capabilities(self) -> Capabilities:
        # From Ampere on; older ones only emulate bf16.
        recent: tuple[Precision, ...] = ("tf32", "bf16") if self.generation >= _AMPERE else ()
        return Capabilities(
            precisions=("fp32", *recent, "fp16", "fp64"),
            channels_last=True,
            # The backward pass of max pooling adds with atomics.
            deterministic=False,
            average=True,
            sync_batch_norm=True,
            compiler="inductor",
        )

    def describe(self) -> str:
        memory = torch.cuda.get_device_properties(self.device).total_memory
        return f"{torch.cuda.get_device_name(self.device)}, {memory / 2**30:.0f} GiB, CUDA {torch.version.cuda}"

    def remarks(self, precision: Precision) -> tuple[str, ...]:
        if precision == "fp32" and self.generation >= _AMPERE:
            return ("fp32 is computed in full; precision: tf32 is several times faster, with ten bits of mantissa",)
        return ()

    def prepare(self, precision: Precision) -> None:
        # Torch's own default is TF32 in convolutions and full fp32 in the rest.
        torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
        torch.backends.cudnn.allow_tf32 = precision == "tf32"

    def data_parallel_options(self) -> dict[str, object]:
        return {"device_ids": [self.device.index]}

    def autocast(self, precision: Precision) -> AbstractContextManager[object]:
        return torch.autocast("cuda", _LOW[precision]) if precision in _LOW else nullcontext()

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

    def free_memory_bytes(self) -> int | None:
        free: int = torch.cuda.mem_get_info(self.device)[0]
        # What torch has set aside and not given out is free for its own tensors.
        return free + torch.cuda.memory_reserved(self.device) - torch.cuda.memory_allocated(self.device)

    def rng_state(self) -> torch.Tensor:
        return torch.cuda.get_rng_state(self.device)

    def set_rng_state(self, state: torch.Tensor) -> None:
        torch.cuda.set_rng_state(state, self.device)

    def stage(self, tensor: torch.Tensor) -> torch.Tensor:
        return tensor.pin_memory()

    def place(self, tensor: torch.Tensor) -> torch.Tensor:
        return tensor.to(self.device, non_blocking=True)
