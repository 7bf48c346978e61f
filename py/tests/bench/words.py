"""Results as lines for people."""

from collections.abc import Iterator, Mapping

_HIDDEN = frozenset({"top", "trace", "steps_per_block", "rounds"})


def lines_of(result: object) -> Iterator[str]:
    """One line per case, and the kernels that took the most."""
    for case in result if isinstance(result, list) else [result]:
        assert isinstance(case, Mapping)
        yield ", ".join(_phrase(name, value) for name, value in case.items() if name not in _HIDDEN)
        for kernel in case.get("top", [])[:5]:
            yield f"  {kernel['share']:6.1%} {kernel['ms_per_step']:8.2f} ms  {kernel['name'][:80]}"


def _phrase(name: str, value: object) -> str:
    text = name.replace("_", " ")
    if isinstance(value, Mapping):
        if "median" in value:
            return f"{text} {value['median']:.3f} ({value['low']:.3f} to {value['high']:.3f})"
        return f"{text} " + ", ".join(f"{key} {_number(number)}" for key, number in value.items())
    if name.endswith("_share"):
        return f"{text} {value:.2%}"
    return f"{text} {_number(value)}"


def _number(value: object) -> str:
    return (
        f"{value:,.4g}"
        if isinstance(value, float) and value < 1000
        else f"{value:,.0f}"
        if isinstance(value, float)
        else str(value)
    )
