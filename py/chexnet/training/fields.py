"""Reads a JSON object field by field, so that every wrong or unknown one is told by its dotted name."""

import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

from chexnet.mistakes import UserError


@dataclass(slots=True)
class Fields:
    """The fields of one object; `where` is its dotted name in messages. Call `end` after the last field."""

    values: Mapping[str, object]
    where: str
    taken: set[str] = field(default_factory=set)

    def integer(self, name: str, default: int | None = None, *, minimum: int = 0) -> int:
        value = self._take(name, default)
        if isinstance(value, bool) or not isinstance(value, int) or value < minimum:
            raise self._wrong(name, value, f"a whole number from {minimum}")
        return value

    def optional_integer(self, name: str, *, minimum: int = 0) -> int | None:
        return None if self._absent(name) else self.integer(name, minimum=minimum)

    def number(
        self,
        name: str,
        default: float | None = None,
        *,
        minimum: float = 0,
        above: float | None = None,
        maximum: float = math.inf,
    ) -> float:
        """`above`: a bound that is not allowed itself, in place of `minimum`."""
        value = self._take(name, default)
        # Whole numbers in JSON may be larger than any float.
        most = min(maximum, sys.float_info.max)
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not (minimum <= value if above is None else above < value)
            or value > most
        ):
            least = f"from {minimum:g}" if above is None else f"above {above:g}"
            raise self._wrong(name, value, f"a number {least}" + ("" if maximum == math.inf else f" to {maximum:g}"))
        return float(value)

    def optional_number(
        self, name: str, *, minimum: float = 0, above: float | None = None, maximum: float = math.inf
    ) -> float | None:
        return None if self._absent(name) else self.number(name, minimum=minimum, above=above, maximum=maximum)

    def boolean(self, name: str, default: bool | None = None) -> bool:
        value = self._take(name, default)
        if not isinstance(value, bool):
            raise self._wrong(name, value, "true or false")
        return value

    def text(self, name: str) -> str:
        value = self._take(name, None)
        if not isinstance(value, str) or not value:
            raise self._wrong(name, value, "text")
        return value

    def optional_text(self, name: str) -> str | None:
        return None if self._absent(name) else self.text(name)

    def choice(self, name: str, choices: tuple[str, ...], default: str | None = None) -> str:
        value = self._take(name, default)
        if not isinstance(value, str) or value not in choices:
            raise self._wrong(name, value, f"one of {', '.join(choices)}")
        return value

    def texts(self, name: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        value = self._take(name, default)
        if not isinstance(value, list | tuple) or not value or not all(isinstance(entry, str) for entry in value):
            raise self._wrong(name, value, "a list of names")
        return tuple(value)

    def nested(self, name: str) -> "Fields":
        value = self._take(name, None)
        if not isinstance(value, Mapping):
            raise self._wrong(name, value, "an object")
        return Fields(value, f"{self.where}.{name}")

    def nested_or_none(self, name: str) -> "Fields | None":
        """For `name: none`, a null or an absent field."""
        if self._absent(name) or self.values[name] == "none":
            self.taken.add(name)
            return None
        return self.nested(name)

    def end(self) -> None:
        unknown = sorted(set(self.values) - self.taken)
        if unknown:
            raise UserError(
                f"{self.where} has no field {', '.join(unknown)}.", f"It has {', '.join(sorted(self.taken))}."
            )

    def _absent(self, name: str) -> bool:
        self.taken.add(name)
        return self.values.get(name) is None

    def _take(self, name: str, default: object) -> object:
        self.taken.add(name)
        if name in self.values:
            return self.values[name]
        if default is None:
            raise UserError(f"{self.where}.{name} is missing.")
        return default

    def _wrong(self, name: str, value: object, wanted: str) -> UserError:
        return UserError(f"{self.where}.{name} is {value!r}; it must be {wanted}.")
