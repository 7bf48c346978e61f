"""Ranks that do not end when torchrun tells them to."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chexnet.runtime.teardown import Teardown


@pytest.fixture
def rank() -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as process:
        yield process
        process.kill()


def test_they_are_killed_after_a_while(tmp_path: Path, rank: "subprocess.Popen[bytes]") -> None:
    teardown = Teardown(tmp_path)
    teardown.hurry(lambda: [rank.pid], now=100)
    (tmp_path / "launcher.log").write_text(f"W1125 Sending process {rank.pid} closing signal SIGTERM\n")
    teardown.hurry(lambda: [rank.pid], now=102)
    teardown.hurry(lambda: [rank.pid], now=111)
    assert teardown.ended == set()
    teardown.hurry(lambda: [rank.pid], now=112.1)
    assert rank.wait(timeout=20) == -signal.SIGKILL
    assert teardown.ended == {rank.pid}


def test_a_process_that_has_such_a_pid_but_is_not_of_the_job_is_left_alone(
    tmp_path: Path, rank: "subprocess.Popen[bytes]"
) -> None:
    teardown = Teardown(tmp_path)
    (tmp_path / "launcher.log").write_text(f"Sending process {rank.pid} closing signal SIGTERM\n")
    for now in (100, 200):
        teardown.hurry(list, now=now)
    assert teardown.ended == set()


def test_when_torchrun_itself_was_told_to_end_they_may_take_their_time(
    tmp_path: Path, rank: "subprocess.Popen[bytes]"
) -> None:
    teardown = Teardown(tmp_path)
    (tmp_path / "launcher.log").write_text(
        f"Sending process {rank.pid} closing signal SIGTERM\nReceived 15 death signal, shutting down workers\n"
    )
    for now in (100, 200):
        teardown.hurry(lambda: [rank.pid], now=now)
    assert teardown.ended == set()
