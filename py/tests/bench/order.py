"""What __main__ asks a process for, and what that answers. Needs no torch."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Final

PARTS: Final = ("step", "ddp", "loader", "grid", "compile", "deterministic", "epoch", "ten-crop", "profile")

# torch.compile takes minutes on a processor.
_USUAL: Final[Mapping[str, tuple[str, ...]]] = {
    "cpu": ("step", "ddp", "loader"),
    "device": tuple(part for part in PARTS if part != "ddp"),
    "tiny": tuple(part for part in PARTS if part != "compile"),
}


@dataclass(frozen=True, slots=True)
class Order:
    """`parts` in their order, on `device`; `folder` for files, `answer`: the file for the answer."""

    parts: list[str]
    device: str
    threads: int | None
    tiny: bool
    folder: str
    trace: str | None
    answer: str

    def plain(self) -> dict[str, object]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Answer:
    """Results by part, and how long each took; of parts that failed the reason; single cases that were not measured."""

    device: dict[str, object] = field(default_factory=dict)
    parts: dict[str, object] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    left_out: list[dict[str, str]] = field(default_factory=list)


def usual_parts(device: str, *, tiny: bool) -> tuple[str, ...]:
    """Those that are measured when none is named."""
    return _USUAL["tiny" if tiny else "cpu" if device == "cpu" else "device"]
