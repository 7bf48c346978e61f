"""Which device a job runs on, and why."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from chexnet.accelerators import cpu, cuda, hpu, mps, xpu
from chexnet.accelerators.names import AUTO, NAMES
from chexnet.accelerators.protocol import Absent, Accelerator, Place
from chexnet.mistakes import UserError

_TITLES = {
    "hpu": "Gaudi accelerator (hpu)",
    "cuda": "CUDA device (cuda)",
    "xpu": "Intel GPU (xpu)",
    "mps": "Apple GPU (mps)",
    "cpu": "processor (cpu)",
}
PROBES: dict[str, Callable[[Place], Accelerator | Absent]] = {
    "hpu": hpu.probe,
    "cuda": cuda.probe,
    "xpu": xpu.probe,
    "mps": mps.probe,
    "cpu": cpu.probe,
}


@dataclass(frozen=True, slots=True)
class Choice:
    """A device and the reason for it, in words for people."""

    accelerator: Accelerator
    because: str


Choosing: TypeAlias = Callable[[str, Place], Choice]


def choose(requested: str, place: Place) -> Choice:
    """The device called `requested`, or for `auto` the first that is there.

    Raises UserError when a device is asked for by name and is not there: it is never replaced silently.
    """
    if requested != AUTO:
        found = PROBES[requested](place)
        if isinstance(found, Absent):
            raise _missing(requested, found)
        return Choice(accelerator=found, because="asked for")
    passed_over: list[str] = []
    for name in NAMES:
        found = PROBES[name](place)
        if not isinstance(found, Absent):
            reasons = "; ".join(passed_over)
            return Choice(accelerator=found, because=f"auto: {reasons}" if reasons else "auto: the first looked for")
        passed_over.append(f"no {name}, {found.because}")
    raise AssertionError("Internal error: the processor is always there")


def _missing(name: str, absent: Absent) -> UserError:
    looked_for = "; ".join(absent.looked_for)
    return UserError(f"No {_TITLES[name]} is here: {absent.because}. Looked for: {looked_for}.", hint=absent.remedy)
