"""What the bridge registers as torch.hpu."""

import fcntl
import os
from pathlib import Path

import torch

from .. import rules  # noqa: TID252

_generator = torch.Generator()
_held: list[int] = []


def _lazy_init() -> None:
    """Torch calls it before the first use. Opens the card, which one process at a time can."""
    if _held:
        return
    card = Path(os.environ["EMULATED_HPU_CARDS"]) / f"card-{os.environ.get('HLS_MODULE_ID', '0')}"
    descriptor = os.open(card, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        rules.check(False, "card", f"device acquire failed: another process holds {card}")
    _held.append(descriptor)
    torch.ops.hpu_emulation.open(os.environ["PT_HPU_LAZY_MODE"] == "1")


def init() -> None:
    _lazy_init()


def is_initialized() -> bool:
    return bool(_held)


def is_available() -> bool:
    return True


def _is_in_bad_fork() -> bool:
    return False


def device_count() -> int:
    return int(os.environ.get("EMULATED_HPU_COUNT", "8"))


def current_device() -> int:
    return 0


def set_device(device: object) -> None:
    del device
    rules.check(False, "index", "a process sees one device; set_device is not for it")


def get_device_name(device: object = None) -> str:
    del device
    return "emulated hpu (tests only)"


def synchronize() -> None:
    _lazy_init()
    torch.ops.hpu_emulation.synchronize()


def manual_seed(seed: int) -> None:
    _generator.manual_seed(seed)


manual_seed_all = manual_seed


def get_rng_state(device: object = "hpu") -> torch.Tensor:
    del device
    return _generator.get_state()


def set_rng_state(state: torch.Tensor, device: object = "hpu") -> None:
    del device
    _generator.set_state(state)


def max_memory_allocated(device: object = None) -> int:
    del device
    return 0


def mem_get_info(device: object = None) -> tuple[int, int]:
    """Free and in all."""
    del device
    return int(os.environ.get("EMULATED_HPU_FREE_BYTES", 2**30)), 2**30


def _die_of_fork() -> None:
    """The real device's driver does not survive a fork; here the child says so and ends."""
    if _held:
        os.write(2, b"hpu-rule[fork]: the process was forked after the device was opened\n")
        os._exit(70)


os.register_at_fork(after_in_child=_die_of_fork)
