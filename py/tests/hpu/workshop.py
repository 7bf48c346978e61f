"""Carries out many short jobs one after another, each in processes forked from one that has torch at hand.

`python -m tests.hpu.workshop CASES.json`: a list of {name, source, module, arguments, ranks, environment, folder}. Each
case's folder gets `codes.json` and one `stderr-RANK` for each rank. Forking comes before the device is opened, as the
device wants it.
"""

import importlib
import json
import os
import runpy
import signal
import socket
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_TIMEOUT_SECONDS = 100
_BROKEN = 99


def main(cases_file: Path) -> None:
    # What every case needs, of which nothing is under test.
    for module in ("numpy", "torch", "torch.distributed", "torch.nn.parallel"):
        importlib.import_module(module)
    for case in json.loads(cases_file.read_text()):
        _carry_out(case)


def _carry_out(case: Mapping[str, Any]) -> None:
    folder = Path(case["folder"])
    job = folder / "job.json"
    job.write_text(json.dumps(case["arguments"]))
    port = _free_port()
    ranks: dict[int, int] = {}
    for rank in range(case["ranks"]):
        process = os.fork()
        if process == 0:
            _be_rank(case, job, rank, port)
        ranks[process] = rank
    codes = _wait(ranks)
    (folder / "codes.json").write_text(json.dumps([codes[rank] for rank in range(case["ranks"])]))


def _be_rank(case: Mapping[str, Any], job: Path, rank: int, port: int) -> None:
    stderr = os.open(job.with_name(f"stderr-{rank}"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(stderr, 2)
    os.environ.clear()
    os.environ.update(case["environment"])
    if case["ranks"] > 1:
        place = {"RANK": rank, "WORLD_SIZE": case["ranks"], "LOCAL_RANK": rank, "LOCAL_WORLD_SIZE": case["ranks"]}
        meeting = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
        os.environ.update({name: str(value) for name, value in {**place, **meeting}.items()})
    os.chdir(case["source"])
    sys.path[:0] = os.environ["PYTHONPATH"].split(os.pathsep)
    sys.argv = [case["module"], "--job", str(job)]
    try:
        runpy.run_module(case["module"], run_name="__main__", alter_sys=True)
    except BaseException:
        # The job ends the process itself; only what broke before it comes here.
        traceback.print_exc()
    os._exit(_BROKEN)


def _wait(ranks: Mapping[int, int]) -> dict[int, int]:
    """Exit codes by rank. Once one rank has failed the others, who wait for it, are killed; so are all at the end."""
    codes: dict[int, int] = {}
    signal.signal(signal.SIGALRM, lambda *_: _kill_others(ranks, codes))
    signal.alarm(_TIMEOUT_SECONDS)
    while len(codes) < len(ranks):
        process, status = os.wait()
        codes[ranks[process]] = os.waitstatus_to_exitcode(status)
        if status != 0:
            _kill_others(ranks, codes)
    signal.alarm(0)
    return codes


def _kill_others(ranks: Mapping[int, int], codes: Mapping[int, int]) -> None:
    for process, rank in ranks.items():
        if rank not in codes:
            os.kill(process, signal.SIGKILL)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    main(Path(sys.argv[1]))
