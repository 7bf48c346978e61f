"""Processes that die with their parent, and the name of a process for ever."""

import os
import select
import subprocess
import sys
from pathlib import Path

import pytest

from chexnet.runtime.process import parent_of, start_time

SOURCE = Path(__file__).parents[1]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc and prctl")

# The parent prints its child's pid and waits; the child says that it is ready and waits.
PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]], stdout=subprocess.PIPE, start_new_session=True)
child.stdout.readline()
print(child.pid, flush=True)
child.wait()
"""
CHILD = """
import signal
from chexnet.runtime.process import die_with_parent
die_with_parent()
print("ready", flush=True)
signal.pause()
"""


def test_a_rank_dies_with_its_parent_though_it_has_a_session_of_its_own() -> None:
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    with subprocess.Popen([sys.executable, "-c", PARENT, CHILD], stdout=subprocess.PIPE, env=environment) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        watch = os.pidfd_open(child)
        parent.kill()
    try:
        ready, _, _ = select.select([watch], [], [], 20)
        assert ready == [watch]
    finally:
        os.close(watch)


def test_a_process_of_another_agent_ends_at_once() -> None:
    environment = {**os.environ, "PYTHONPATH": str(SOURCE), "CHEXNET_AGENT_PID": "1"}
    code = "from chexnet.runtime.process import die_with_parent; die_with_parent(); print('lives')"
    ended = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=False)
    assert (ended.returncode, ended.stdout) == (1, b"")


def test_start_time_and_parent_are_read_whatever_the_name(tmp_path: Path) -> None:
    odd = tmp_path / "a) R 1 (b"
    odd.symlink_to("/bin/sleep")
    with subprocess.Popen([odd, "60"]) as process:
        assert start_time(process.pid) is not None
        assert parent_of(process.pid) == os.getpid()
        process.kill()
    assert start_time(process.pid) is None
