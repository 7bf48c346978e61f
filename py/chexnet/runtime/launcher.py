"""How a job's processes are started, stopped and swept away."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from chexnet.runtime import journal
from chexnet.runtime.failure import ERROR_FILE_VARIABLE
from chexnet.runtime.process import AGENT_PID_VARIABLE
from chexnet.runtime.protocol import Submit

SWEEP_SECONDS = 10.0

# Keeps activations from being mapped and unmapped at every step: 11 % of a CPU step at 64 px, 37 % at 224 px.
ALLOCATOR = {
    "MALLOC_MMAP_THRESHOLD_": str(1 << 32),
    "MALLOC_TRIM_THRESHOLD_": str(1 << 33),
    "MALLOC_TOP_PAD_": str(1 << 28),
}


@dataclass(frozen=True, slots=True)
class Command:
    """A process to start. `folder` receives what it prints, in launcher.log."""

    argv: list[str]
    environment: dict[str, str]
    folder: Path


def command_of(job: Submit, *, folder: Path, job_file: Path, journal_file: Path) -> Command:
    """The command of one attempt: torchrun, or the module itself for a job of one rank without torch."""
    module = ["-m", job.module, "--job", str(job_file)]
    argv = [sys.executable, *(_torchrun(job.ranks, folder / "ranks") if job.torchrun else []), *module]
    return Command(argv, _environment(job, folder, journal_file, os.environ), folder)


def _torchrun(ranks: int, logs: Path) -> list[str]:
    # No restarts: a rank that comes back meets stale addresses in the shared store. The next attempt starts anew.
    # The local address keeps torchrun from looking up the machine's own name, which not every machine can.
    options = ["--standalone", "--nproc_per_node", str(ranks), "--max_restarts", "0", "--local_addr", "127.0.0.1"]
    return ["-m", "torch.distributed.run", *options, "--redirects", "3", "--log_dir", str(logs)]


def _environment(job: Submit, folder: Path, journal_file: Path, inherited: Mapping[str, str]) -> dict[str, str]:
    threads = max(1, _cores() // job.ranks)
    return {
        **ALLOCATOR,
        **inherited,
        "OMP_NUM_THREADS": str(threads),
        # Waiting threads sleep: two spinning jobs on the same cores slow each other down sixfold and more.
        "OMP_WAIT_POLICY": "PASSIVE",
        "PYTHONUNBUFFERED": "1",
        "TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1",
        **job.environment,
        journal.ENVIRONMENT_VARIABLE: str(journal_file),
        ERROR_FILE_VARIABLE: str(folder / "error.json"),
        AGENT_PID_VARIABLE: str(os.getpid()),
    }


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(slots=True)
class Launched:
    """A started command: its own session and process group, tied to this process, held until `release`."""

    process: "subprocess.Popen[bytes]"
    _gate: int

    def release(self) -> None:
        """Let the command begin."""
        try:
            os.write(self._gate, b"!")
        except BrokenPipeError:
            pass  # It has ended already; its return code tells.
        finally:
            os.close(self._gate)

    def abandon(self) -> None:
        """End it before it has begun."""
        self.process.kill()
        os.close(self._gate)
        self.process.wait()

    def signal(self, number: signal.Signals) -> None:
        """To the first process only: torchrun passes it on to its ranks."""
        if self.process.poll() is None:
            self.process.send_signal(number)


def launch(command: Command) -> Launched:
    """Start the command, held at the gate. Only from the main thread (see process.die_with_parent)."""
    read_end, write_end = os.pipe()
    try:
        with open(command.folder / "launcher.log", "ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "chexnet.runtime.start", str(read_end), *command.argv],
                env=command.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=(read_end,),
                start_new_session=True,
            )
    except OSError:
        os.close(write_end)
        raise
    finally:
        os.close(read_end)
    return Launched(process, write_end)


def sweep(journal_file: Path, *, within_seconds: float = SWEEP_SECONDS) -> list[int]:
    """SIGKILL every process that carries this journal in its environment, and wait until none is left.

    Finds ranks, their loader workers and torchrun alike, whoever started them. Returns the pids that were killed.
    Raises TimeoutError when one does not die, as a process in uninterruptible sleep may not.
    """
    killed: set[int] = set()
    deadline = time.monotonic() + within_seconds
    while alive := carriers(journal_file):
        for pid in alive:
            killed.add(pid)
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > deadline:
            raise TimeoutError(f"processes {sorted(alive)} of an earlier attempt do not end")
        time.sleep(0.01)
    return sorted(killed)


def carriers(journal_file: Path) -> list[int]:
    """Pids of the processes that carry this journal in their environment."""
    entry = os.fsencode(f"{journal.ENVIRONMENT_VARIABLE}={journal_file}")
    pids = []
    for name in os.listdir("/proc") if os.path.isdir("/proc") else []:
        try:
            # Empty for a zombie, unreadable for another user's process.
            if name.isdecimal() and entry in Path("/proc", name, "environ").read_bytes().split(b"\0"):
                pids.append(int(name))
        except OSError:
            continue
    return pids
