"""Parameters of a job as any JSON at all: parsed, or refused as a mistake of the user."""

import contextlib
import json
import math
from collections.abc import Callable
from dataclasses import fields, is_dataclass

from hypothesis import strategies as st

from chexnet.mistakes import UserError
from chexnet.training.params import parse_predict_params, parse_train_params
from tests.fuzz import always, with_seeds

TRAIN = """{"epochs": 1, "batch_size": 4, "ema": 0.9, "clip_norm": 1, "input": {"crop": 32, "normalize": "xray"},
    "augment": {"flip": 0.5, "shift": 2}, "schedule": {"name": "cosine", "warmup": 0.1},
    "optimizer": {"name": "sgd", "lr": 0.1, "weight_decay": 0.1, "momentum": 0.9}}"""
PREDICT = """{"device": "cpu", "ranks": 1, "threads": 2, "batch_size": 4, "folds": ["val"], "precision": "fp32"}"""

NAMES = st.one_of(
    st.sampled_from(
        ["epochs", "batch_size", "input", "crop", "optimizer", "name", "lr", "schedule", "augment", "folds"]
    ),
    st.sampled_from(
        ["ranks", "device", "threads", "seed", "weights", "ema", "clip_norm", "precision", "loss", "shift"]
    ),
    st.text(max_size=5),
)
NUMBERS = st.one_of(
    st.integers(-3, 70),
    st.floats(),
    st.sampled_from([10**400, -(10**400), 2**63, 2**64, 1e308, -0.0, math.inf, math.nan]),
)
WORDS = st.sampled_from(["none", "auto", "cpu", "cuda", "sgd", "adamw", "cosine", "fp32", "bf16", "val", "test", ""])
LEAVES = st.one_of(st.none(), st.booleans(), NUMBERS, NUMBERS, WORDS, st.text(max_size=8))
JSON: st.SearchStrategy[object] = st.one_of(
    *(LEAVES, LEAVES, LEAVES),
    *(st.lists(LEAVES, max_size=3), st.dictionaries(NAMES, LEAVES, max_size=3)),
)

# Which fields get which values. A place is a number: that of a field that is there, counted round and round.
CHANGES = st.lists(st.tuples(st.integers(0, 30), NAMES | st.none(), JSON), max_size=3)


def changed(text: str, changes: list[tuple[int, str | None, object]]) -> dict[str, object]:
    """With a name, a field beside the one at that place; without one, that itself. None takes it away."""
    values: dict[str, object] = json.loads(text)
    for place, name, value in changes:
        parents = [values, *(each for each in values.values() if isinstance(each, dict))]
        spots = [(parent, key) for parent in parents for key in parent]
        if not spots:
            continue
        parent, key = spots[place % len(spots)]
        if value is None:
            parent.pop(name or key, None)
        else:
            parent[name or key] = value
    # As it comes from the driver.
    parsed: dict[str, object] = json.loads(json.dumps(values))
    return parsed


def assert_finite(value: object) -> None:
    if is_dataclass(value):
        for each in fields(value):
            assert_finite(getattr(value, each.name))
    if isinstance(value, float):
        assert math.isfinite(value)


def checked(
    text: str, parse: Callable[[dict[str, object]], object]
) -> Callable[[list[tuple[int, str | None, object]]], None]:
    parse(json.loads(text))

    def check(changes: list[tuple[int, str | None, object]]) -> None:
        with contextlib.suppress(UserError):
            assert_finite(parse(changed(text, changes)))

    return check


@with_seeds
def test_parameters_of_a_training_are_parsed_or_refused(number: int) -> None:
    always(number, CHANGES, checked(TRAIN, parse_train_params), examples=300)


@with_seeds
def test_parameters_of_a_prediction_are_parsed_or_refused(number: int) -> None:
    always(number, CHANGES, checked(PREDICT, parse_predict_params), examples=150)
