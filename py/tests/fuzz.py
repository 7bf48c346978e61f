"""Tries a property with many values: the same ones every time, and others every time.

The seed is part of the test's name, and FUZZ_SEED=… runs that one alone. FUZZ_RUNS=20 takes twenty times as
many values.
"""

import contextlib
import os
import random
import time
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar
from unittest import SkipTest

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy

Value = TypeVar("Value")

_FIXED_SEED = 20260401

# Of one test. On a busy machine there are fewer values, not a longer wait.
_TEST_SECONDS = 0.5
_VALUE_LIMIT = timedelta(seconds=10)

_TIMES = int(os.environ.get("FUZZ_RUNS", "1"))


def _seeds() -> dict[str, int]:
    given_seed = os.environ.get("FUZZ_SEED")
    if given_seed is not None:
        return {"given": int(given_seed)}
    return {"fixed": _FIXED_SEED, "random": random.SystemRandom().randrange(2**31)}


with_seeds = pytest.mark.parametrize(
    "number", [pytest.param(number, id=f"{kind} seed {number}") for kind, number in _seeds().items()]
)


def always(number: int, values: SearchStrategy[Value], check: Callable[[Value], None], *, examples: int = 100) -> None:
    """Check as many values as the time suffices for, and fail with the smallest that is found wrong."""
    end = time.monotonic() + _TEST_SECONDS * _TIMES
    failed = False

    def checked(value: Value) -> None:
        nonlocal failed
        # What has failed once is tried again until it is small.
        if time.monotonic() > end and not failed:
            raise SkipTest("no time for more")
        try:
            check(value)
        except BaseException:
            failed = True
            raise

    options = settings(
        max_examples=examples * _TIMES,
        deadline=_VALUE_LIMIT,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    # Skipping is the one thing that Hypothesis lets through at once.
    with contextlib.suppress(SkipTest):
        seed(number)(options(given(values)(checked)))()
