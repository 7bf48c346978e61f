"""What the emulated device forbids fails with a name, so that a test can tell for which rule."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import torch
from torch.nn.parallel import DistributedDataParallel


def check(kept: bool, rule: str, what: str) -> None:
    """Raises RuntimeError when a rule is broken."""
    if not kept:
        raise RuntimeError(f"hpu-rule[{rule}]: {what}")


def watch_torch() -> None:
    """Checks what the real device would notice only later, on another machine, or by being slow."""
    setattr(torch, "save", _checked(torch.save, _check_saved))  # noqa: B010 (mypy forbids assignment to a function)
    made = DistributedDataParallel.__init__
    setattr(DistributedDataParallel, "__init__", _checked(made, _check_parallel))  # noqa: B010
    before = DistributedDataParallel._pre_forward
    setattr(DistributedDataParallel, "_pre_forward", _checked(before, _wait))  # noqa: B010


def _checked(function: Callable[..., Any], check_arguments: Callable[..., None]) -> Callable[..., Any]:
    @wraps(function)
    def checked(*arguments: Any, **options: Any) -> Any:
        check_arguments(*arguments, **options)
        return function(*arguments, **options)

    return checked


def _check_saved(content: Any, *_: Any, **__: Any) -> None:
    if isinstance(content, torch.Tensor):
        check(content.device.type == "cpu", "checkpoint", "a tensor of the device is saved: nothing else can load it")
    elif isinstance(content, dict):
        for value in content.values():
            _check_saved(value)
    elif isinstance(content, list | tuple):
        for value in content:
            _check_saved(value)


def _check_parallel(*_: Any, **options: Any) -> None:
    check(options.get("device_ids") is None, "device-ids", "a process has one device: no device_ids")


def _wait(*_: Any, **__: Any) -> None:
    # Once, before the second step, torch itself reads on the host how it has laid out its buckets of gradients.
    synchronize: Callable[[], None] = torch.ops.hpu_emulation.synchronize
    synchronize()
