"""What is made of measurements: medians of ratios, each of two blocks that ran one after the other."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times as fast. `low` and `high`: of the middle 80 % of the rounds; `of_best`: of each side's best."""

    median: float
    low: float
    high: float
    of_best: float
    rounds: int


def speed_ratio(seconds: Sequence[float], than: Sequence[float]) -> Ratio:
    """How fast the first was, by the second, round by round; both for the same work."""
    each = sorted(other / own for own, other in zip(seconds, than, strict=True))
    cut = len(each) // 10
    return Ratio(
        median=rounded(median(each)),
        low=rounded(each[cut]),
        high=rounded(each[-1 - cut]),
        of_best=rounded(min(than) / min(seconds)),
        rounds=len(each),
    )


def plain(ratio: Ratio) -> dict[str, float]:
    """For a record."""
    return asdict(ratio)


def rate(images: int, seconds: Sequence[float]) -> float:
    """Images per second of the median block."""
    return rounded(images / median(seconds))


def rounded(value: float) -> float:
    """Four digits that count: more would only be noise."""
    return float(f"{value:.4g}")
