"""Step marks. In lazy mode operators are collected until one; the emulation only checks that it comes."""

import os
import sys
from typing import Any

import torch
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

# Read once, as the bridge does.
LAZY = os.environ["PT_HPU_LAZY_MODE"] == "1"


def mark_step(device_str: str = "", sync: bool = False) -> None:
    """End what lazy mode has collected."""
    del device_str, sync
    if LAZY:
        torch.ops.hpu_emulation.mark_step()
    else:
        print("hpu-warning: mark_step does nothing outside lazy mode", file=sys.stderr)


def _before_optimizer(optimizer: torch.optim.Optimizer, arguments: Any, options: Any) -> None:
    del optimizer, arguments, options
    torch.ops.hpu_emulation.before_optimizer()


def _after_optimizer(optimizer: torch.optim.Optimizer, arguments: Any, options: Any) -> None:
    del optimizer, arguments, options
    torch.ops.hpu_emulation.after_optimizer()


register_optimizer_step_pre_hook(_before_optimizer)
register_optimizer_step_post_hook(_after_optimizer)
