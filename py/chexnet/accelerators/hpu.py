"""Intel Gaudi, written to the documented API of its PyTorch bridge (habana_frameworks)."""

import importlib
import importlib.util
import os
import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import ClassVar

import torch

from chexnet.accelerators.protocol import Absent, Capabilities, Place, Precision
from chexnet.accelerators.windows import mean_seconds

_PACKAGE = "habana_frameworks.torch"
_REMEDY = (
    "Run inside Intel's Gaudi container (habanalabs/pytorch-installer) with a card passed in, and let PIPELINE_PYTHON "
    "or `python:` in the configuration point at its Python. Without a Gaudi let `auto` choose."
)


def probe(place: Place) -> "HpuAccelerator | Absent":
    """The card of this rank; or why there is none.

    The bridge itself picks the card by LOCAL_RANK, which must be set before; `place` is not needed.
    """
    del place
    looked_for = _looked_for()
    if not _installed():
        return Absent(because=f"the Python package {_PACKAGE} is not installed", looked_for=looked_for, remedy=_REMEDY)
    try:
        core = importlib.import_module(f"{_PACKAGE}.core")
        importlib.import_module(f"{_PACKAGE}.distributed.hccl")
        hpu = importlib.import_module(f"{_PACKAGE}.hpu")
    # The bridge asserts that torch is the version it was built for and loads driver libraries.
    except (ImportError, OSError, AssertionError, RuntimeError) as problem:
        because = f"{_PACKAGE} does not load with torch {torch.__version__} ({problem})"
        return Absent(because=because, looked_for=looked_for, remedy=_REMEDY)
    if not hpu.is_available() or hpu.device_count() == 0:
        return Absent(because="the bridge sees no card", looked_for=looked_for, remedy=_REMEDY)
    return HpuAccelerator(hpu=hpu, mark_step=core.mark_step if _lazy() else _nothing)


@dataclass(frozen=True, slots=True)
class HpuAccelerator:
    """The one card that this process sees. It never has an index."""

    hpu: ModuleType
    mark_step: Callable[[], object]

    name: ClassVar[str] = "hpu"
    backend: ClassVar[str] = "hccl"
    device: ClassVar[torch.device] = torch.device("hpu")

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            precisions=("fp32", "bf16"),
            # Intel's own examples gave channels_last up.
            channels_last=False,
            deterministic=False,
            average=False,
            # The bridge of software 1.19 registers its kernels. Nobody has run them here.
            sync_batch_norm=True,
            # Lazy mode has graphs of its own, and no torch.compile.
            compiler=None if _lazy() else "hpu_backend",
        )

    def describe(self) -> str:
        return f"{self.hpu.get_device_name()}, {'lazy' if _lazy() else 'eager'} mode"

    def remarks(self, precision: Precision) -> tuple[str, ...]:
        del precision
        return ()

    def prepare(self, precision: Precision) -> None:
        del precision

    def data_parallel_options(self) -> dict[str, object]:
        # One bucket holds all of DenseNet-121's gradients: one collective per step.
        return {"bucket_cap_mb": 100}

    def autocast(self, precision: Precision) -> AbstractContextManager[object]:
        return torch.autocast("hpu", torch.bfloat16) if precision == "bf16" else nullcontext()

    def after_backward(self) -> None:
        self.mark_step()

    def after_step(self) -> None:
        self.mark_step()

    def synchronize(self) -> None:
        self.hpu.synchronize()

    def stamp(self) -> object:
        # Host times: right over a whole reporting window, which ends with `synchronize`, not for its single steps.
        return time.perf_counter()

    def seconds_between(self, stamps: Sequence[object]) -> list[float]:
        return mean_seconds(stamps)

    def peak_memory_bytes(self) -> int | None:
        return int(self.hpu.max_memory_allocated())

    def free_memory_bytes(self) -> int | None:
        ask = getattr(self.hpu, "mem_get_info", None)
        return None if ask is None else int(ask()[0])

    def rng_state(self) -> torch.Tensor:
        state = self.hpu.get_rng_state()
        assert isinstance(state, torch.Tensor)
        return state.cpu()

    def set_rng_state(self, state: torch.Tensor) -> None:
        self.hpu.set_rng_state(state)

    def stage(self, tensor: torch.Tensor) -> torch.Tensor:
        return tensor.pin_memory()

    def place(self, tensor: torch.Tensor) -> torch.Tensor:
        return tensor.to(self.device, non_blocking=True)


def _installed() -> bool:
    try:
        return importlib.util.find_spec(_PACKAGE) is not None
    except ModuleNotFoundError:
        return False


def _looked_for() -> tuple[str, ...]:
    nodes = [*Path("/dev/accel").glob("accel[0-9]*"), *Path("/dev").glob("hl[0-9]*")]
    return (
        f"the Python package {_PACKAGE} ({'installed' if _installed() else 'not installed'})",
        f"device files /dev/accel/accel* and /dev/hl* ({len(nodes) or 'none'})",
        f"the command hl-smi ({shutil.which('hl-smi') or 'not on PATH'})",
    )


def _lazy() -> bool:
    return os.environ.get("PT_HPU_LAZY_MODE") == "1"


def _nothing() -> None:
    """Outside lazy mode there are no step marks, and the bridge's own logs a warning."""
