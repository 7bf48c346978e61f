"""What the figures are held against. A goal whose figure was not measured is not in the list."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Goal:
    """`measured` is to be at least, or at most, `bound`."""

    name: str
    measured: float
    bound: float
    is_least: bool

    @property
    def met(self) -> bool:
        return self.measured >= self.bound if self.is_least else self.measured <= self.bound

    def plain(self) -> dict[str, object]:
        return {**asdict(self), "met": self.met}


def goals_of(parts: Mapping[str, Any], *, device: str) -> Iterator[Goal]:
    """In the order of the parts."""
    least = 0.97 if device == "cpu" else 0.8
    for case in parts.get("step", []):
        at = f"{case['crop']} pixels, batch {case['batch']}, {case['precision']}"
        yield Goal(f"step by the bare loop, {at}", case["ratio"]["median"], least, True)
        yield Goal(f"share of waiting for the loader, {at}", case["loader_stall_share"], 0.02, False)
        yield Goal(f"share of metrics, {at}", case["metric_share"], 0.005, False)
    if "ddp" in parts:
        ddp = parts["ddp"]
        yield Goal("two ranks of one thread by one of two", ddp["two_ranks_by_one"]["median"], 1.0, True)
        yield Goal("two ranks beside a busy program by alone", ddp["two_ranks_beside_busy"]["median"], 0.4, True)
    for case in parts.get("loader", []):
        at = f"{case['stored']} pixels, batch {case['batch']}, views: {case['views']}"
        yield Goal(f"loader, images per second of one core, {at}", case["images_per_processor_second"], 40_000, True)
    # Seconds for 15,000 images, of an H200.
    for part, most in (("epoch", 5.0), ("ten-crop", 40.0)):
        for case in parts.get(part, []):
            if case["images"] == 15_000 and device != "cpu" and case["precision"] == "bf16":
                yield Goal(f"15,000 images, {part}, batch {case['batch']}", case["train_seconds"], most, False)
