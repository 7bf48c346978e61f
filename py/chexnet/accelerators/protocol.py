"""What a device offers, so that nothing outside this package has to name one."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

import torch

Precision: TypeAlias = Literal["fp32", "tf32", "bf16", "fp16", "fp64"]

# Where files, metrics and gathered results live.
HOST = torch.device("cpu")


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What the device can do.

    `deterministic`: every kernel of DenseNet-121 has an exact repeatable form. `average`: its collectives know AVG,
    besides SUM. `sync_batch_norm`: torch.nn.SyncBatchNorm has kernels for it. `compiler`: torch.compile's backend for
    it, None where there is none.
    """

    precisions: tuple[Precision, ...]
    channels_last: bool
    deterministic: bool
    average: bool
    sync_batch_norm: bool
    compiler: str | None


@dataclass(frozen=True, slots=True)
class Place:
    """This process among those of its machine, and the host threads it may use."""

    local_rank: int
    local_size: int
    threads: int


@dataclass(frozen=True, slots=True)
class Absent:
    """Why a device cannot be used, what was looked for, and what to do about it."""

    because: str
    looked_for: tuple[str, ...]
    remedy: str


class Accelerator(Protocol):
    """One device of one process. Built by its module's `probe`, chosen by `choose`."""

    @property
    def name(self) -> str: ...

    @property
    def backend(self) -> str:
        """Process-group backend for tensors on this device. All have SUM; not all have AVG."""

    @property
    def device(self) -> torch.device: ...

    @property
    def capabilities(self) -> Capabilities: ...

    def describe(self) -> str:
        """The hardware in words, for reports."""

    def remarks(self, precision: Precision) -> tuple[str, ...]:
        """What people should know before they compute in `precision` here."""

    def prepare(self, precision: Precision) -> None:
        """Set what torch keeps for the whole process. Before the first tensor is on the device."""

    def data_parallel_options(self) -> dict[str, object]:
        """What DistributedDataParallel wants to know on this device."""

    def autocast(self, precision: Precision) -> AbstractContextManager[object]:
        """Around the forward pass; does nothing unless `precision` is bf16 or fp16."""

    def after_backward(self) -> None: ...

    def after_step(self) -> None: ...

    def synchronize(self) -> None:
        """Wait until the device has done all it was told."""

    def stamp(self) -> object:
        """A mark in the device's stream of work, cheap enough for every step."""

    def seconds_between(self, stamps: Sequence[object]) -> list[float]:
        """Seconds from each stamp to the next; call it after `synchronize`."""

    def peak_memory_bytes(self) -> int | None:
        """The most that this process has held on the device so far, None where it is unknown."""

    def free_memory_bytes(self) -> int | None:
        """What new tensors can take of the device's own memory, None where it has none or does not tell."""

    def rng_state(self) -> torch.Tensor:
        """The device's random number state as a host byte tensor."""

    def set_rng_state(self, state: torch.Tensor) -> None: ...

    def stage(self, tensor: torch.Tensor) -> torch.Tensor:
        """A host tensor made ready for a fast copy to the device."""

    def place(self, tensor: torch.Tensor) -> torch.Tensor:
        """The staged tensor on the device; the copy may still be under way."""
