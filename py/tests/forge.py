"""Starts jobs without the seconds of importing torch: their ranks are forked from one process that has it.

`python -m tests.forge` takes a JSON object per line and answers with one. `{"start": {module, job, ranks, environment,
stderr}}` is answered with `{"pids": […]}`, and `{"wait": 0}` once all ranks have ended with `{"codes": […]}`. A rank
that fails takes the others with it, as under torchrun. Nothing is computed here: forking would lose torch's threads.
"""

import importlib
import json
import os
import runpy
import signal
import socket
import sys
import traceback
from collections.abc import Mapping, Sequence
from typing import Any

from chexnet.runtime.process import die_with_parent

_BROKEN = 99
# What jobs need that are started from here; the job itself is run anew each time.
_MODULES = ("torch.distributed", "torch.nn.parallel", "chexnet.training.trainer", "chexnet.training.predictor")


def main() -> None:
    # A test run that is killed must not leave trainings behind.
    die_with_parent()
    for module in _MODULES:
        importlib.import_module(module)
    pids: list[int] = []
    for line in sys.stdin:
        request = json.loads(line)
        if "start" in request:
            pids = _start(request["start"])
            answer: dict[str, object] = {"pids": pids}
        else:
            answer = {"codes": _wait(pids)}
        print(json.dumps(answer), flush=True)


def _start(order: Mapping[str, Any]) -> list[int]:
    port, pids = _free_port(), []
    for rank in range(order["ranks"]):
        pid = os.fork()
        if pid == 0:
            _be_rank(order, rank, port)
        pids.append(pid)
    return pids


def _be_rank(order: Mapping[str, Any], rank: int, port: int) -> None:
    die_with_parent()
    log = os.open(order["stderr"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for stream in (1, 2):
        os.dup2(log, stream)
    os.environ.clear()
    os.environ.update(order["environment"])
    if order["ranks"] > 1:
        place = {"RANK": rank, "WORLD_SIZE": order["ranks"], "LOCAL_RANK": rank, "LOCAL_WORLD_SIZE": order["ranks"]}
        meeting = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
        os.environ.update({name: str(value) for name, value in {**place, **meeting}.items()})
    sys.argv = [order["module"], "--job", order["job"]]
    try:
        runpy.run_module(order["module"], run_name="__main__", alter_sys=True)
    except BaseException:
        # The job ends the process itself; only what broke before it comes here.
        traceback.print_exc()
    os._exit(_BROKEN)


def _wait(pids: Sequence[int]) -> list[int]:
    """Exit codes, negative for a signal."""
    codes: dict[int, int] = {}
    while len(codes) < len(pids):
        pid, status = os.wait()
        codes[pid] = os.waitstatus_to_exitcode(status)
        if codes[pid] not in (0, 128 + signal.SIGTERM):
            for other in pids:
                if other not in codes:
                    os.kill(other, signal.SIGKILL)
    return [codes[pid] for pid in pids]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    main()
