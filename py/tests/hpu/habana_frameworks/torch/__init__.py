"""Importing any part of the package loads the device, as the bridge does."""

import os
from typing import Any

import torch

from . import rules

rules.check("PT_HPU_LAZY_MODE" in os.environ, "mode", "habana_frameworks is imported before PT_HPU_LAZY_MODE is set")
rules.check(
    "WORLD_SIZE" not in os.environ or "LOCAL_RANK" in os.environ,
    "rank",
    "habana_frameworks is imported before LOCAL_RANK is set",
)
_torch: Any = torch
_torch.ops.load_library(os.environ["EMULATED_HPU_LIBRARY"])

from . import hpu  # noqa: E402
from .hpu import sync_batch_norm  # noqa: E402

_torch._register_device_module("hpu", hpu)
rules.watch_torch()
_kernels = sync_batch_norm.register()

from . import core as core  # noqa: E402
from .distributed import hccl as hccl  # noqa: E402
