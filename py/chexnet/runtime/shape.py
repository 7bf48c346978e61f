"""JSON objects into frozen dataclasses, strictly: the annotations are the schema, nothing is guessed or dropped."""

import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, TypeVar, get_args, get_origin

T = TypeVar("T")


class ShapeError(Exception):
    """The JSON has another shape. `code` is one of the protocol's error codes."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def build(kind: type[T], values: Mapping[str, object], where: str) -> T:
    """One `kind` (a dataclass) from the fields in `values`; `where` names it in errors.

    Raises ShapeError `unknown-field` for a field that the class lacks, `malformed` for one missing or mistyped.
    """
    hints, required = _schema(kind)
    for name in values:
        if name not in hints:
            raise ShapeError("unknown-field", f"{where} has no field {name!r}")
    for name in required:
        if name not in values:
            raise ShapeError("malformed", f"{where} lacks the field {name!r}")
    return kind(**{name: _convert(hints[name], value, f"{where}.{name}") for name, value in values.items()})


def _schema(kind: type) -> tuple[dict[str, Any], tuple[str, ...]]:
    hints = typing.get_type_hints(kind)
    own = [entry for entry in fields(kind) if entry.init]
    required = tuple(entry.name for entry in own if entry.default is MISSING and entry.default_factory is MISSING)
    return {entry.name: hints[entry.name] for entry in own}, required


def _convert(hint: Any, value: object, where: str) -> Any:
    origin = get_origin(hint)
    if hint is object:
        return value
    if origin in (types.UnionType, typing.Union):
        return None if value is None else _convert(get_args(hint)[0], value, where)
    if origin is typing.Literal:
        return _expect(value in get_args(hint), value, where, f"one of {get_args(hint)}")
    if origin is Mapping:
        _expect(isinstance(value, dict), value, where, "an object")
        entry = get_args(hint)[1]
        return {key: _convert(entry, item, f"{where}.{key}") for key, item in typing.cast(Any, value).items()}
    if origin is Sequence:
        _expect(isinstance(value, list), value, where, "a list")
        items = enumerate(typing.cast(Any, value))
        return [_convert(get_args(hint)[0], item, f"{where}[{index}]") for index, item in items]
    if is_dataclass(hint) and isinstance(hint, type):
        _expect(isinstance(value, dict), value, where, "an object")
        return build(hint, typing.cast(Any, value), where)
    return _scalar(hint, value, where)


def _scalar(hint: Any, value: object, where: str) -> Any:
    # bool is an int in Python, never in JSON.
    if hint is bool:
        return _expect(isinstance(value, bool), value, where, "true or false")
    if hint is int:
        return _expect(isinstance(value, int) and not isinstance(value, bool), value, where, "a whole number")
    if hint is float:
        return _expect(isinstance(value, int | float) and not isinstance(value, bool), value, where, "a number")
    if hint is str:
        return _expect(isinstance(value, str), value, where, "a text")
    raise AssertionError(f"Internal error: no JSON shape for {hint}")


def _expect(holds: bool, value: object, where: str, what: str) -> object:
    if not holds:
        raise ShapeError("malformed", f"{where} must be {what}, not {type(value).__name__}")
    return value
