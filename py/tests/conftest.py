"""Fixtures for the tests of training: data sets made once, and no thread more than a test asks for."""

import os

# Before torch is imported anywhere: two spinning thread pools on the same cores stand in each other's way.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from collections.abc import Iterator

import pytest

from tests.rig import Artifacts, Forge, make_artifacts, start_forge


@pytest.fixture(scope="session")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> Artifacts:
    """40 images of 32 pixels: 24 train, 8 val, 8 test. Never written to."""
    return make_artifacts(tmp_path_factory.mktemp("artifacts"))


@pytest.fixture(scope="session")
def forge() -> Iterator[Forge]:
    """Starts jobs without their seconds of importing torch."""
    running = start_forge()
    yield running
    running.close()
