"""Facts about processes, and the promise that none outlives its parent. Linux; elsewhere the promise is void."""

import ctypes
import os
import signal
import subprocess
import sys
from pathlib import Path

# Set by the agent for what it starts: a process that does not descend from it is an orphan.
AGENT_PID_VARIABLE = "CHEXNET_AGENT_PID"

_PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Ask the kernel to SIGKILL this process once its parent is gone. Ranks call it before anything else.

    torchrun gives each rank a session of its own, so a killed torchrun would leave them training as orphans.
    Call it in the main thread. It must also be the parent's main thread that forked: the kernel watches the thread.
    """
    parent = os.getppid()
    if not arm_parent_death_signal():
        return
    # The parent may have died before the promise was made; then nobody would tell.
    agent = os.environ.get(AGENT_PID_VARIABLE)
    orphaned = agent is not None and int(agent) not in (os.getppid(), parent_of(os.getppid()))
    if orphaned or os.getppid() != parent:
        os._exit(1)


def arm_parent_death_signal(number: signal.Signals = signal.SIGKILL) -> bool:
    """PR_SET_PDEATHSIG. Returns False where the system has no such thing."""
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    return True


def start_time(pid: int) -> str | None:
    """When the process started, as text that is only good for comparing; None when it is gone (a zombie is).

    Linux: boot id and field 22 of /proc/<pid>/stat; elsewhere what ps prints. With the pid it names one process for
    ever: pids are used again, pairs are not. Mirrored by startTimeOf in pipeline/store/processes.ts.
    """
    if sys.platform != "linux":
        return _start_time_from_ps(pid)
    fields = _stat(pid)
    if fields is None or fields[0] in "ZX":
        return None
    return f"{Path('/proc/sys/kernel/random/boot_id').read_text(encoding='ascii').strip()}/{fields[19]}"


def _start_time_from_ps(pid: int) -> str | None:
    command = ["ps", "-o", "lstart=", "-p", str(pid)]
    said = subprocess.run(command, env={**os.environ, "LC_ALL": "C"}, capture_output=True, text=True, check=False)
    return said.stdout.strip() or None


def parent_of(pid: int) -> int | None:
    """The parent's pid, None when the process is gone."""
    fields = _stat(pid)
    return None if fields is None else int(fields[1])


def _stat(pid: int) -> list[str] | None:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            text = file.read()
    except OSError:
        return None
    # The second field is the name in parentheses, which may hold spaces and parentheses itself.
    return text[text.rindex(")") + 2 :].split()
