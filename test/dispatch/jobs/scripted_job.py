"""A job without torch that does what its arguments say, step by step: [{"do": …, …}, …].

A step with a `rank` is for that rank alone; `{rank}` in a text is the rank's number.
"""

import json
import os
import signal
import sys
import time
from datetime import timedelta
from pathlib import Path

from chexnet.mistakes import UserError
from chexnet.runtime.journal import Checkpoint, Journal, Progress, Steps, Summary
from chexnet.runtime.process import die_with_parent
from chexnet.training.entry import run_rank


def main() -> int:
    with open(sys.argv[sys.argv.index("--job") + 1], encoding="utf-8") as file:
        steps = json.load(file)["steps"]
    journal = Journal.from_environment()
    rank = os.environ.get("RANK", "0")
    for step in steps:
        if str(step.get("rank", rank)) == rank:
            carry_out({key: named(value, rank) for key, value in step.items()}, journal)
    return 0


def carry_out(step: dict, journal: Journal) -> None:
    match step["do"]:
        case "metrics":
            for index in range(step["count"]):
                journal.append(Steps(1, index + 1, [1 / (index + 1)], [0.01], 32, 1e-3))
        case "progress":
            journal.append(Progress(step["done"], step["total"], "steps"))
        case "summary":
            journal.append(Summary(step["facts"]))
        case "touch":
            touch(Path(step["path"]))
        case "wait-for":
            wait_for(Path(step["path"]))
        case "append-raw":
            with open(os.environ["CHEXNET_JOURNAL"], "ab") as file:
                file.write(step["text"].encode())
        case "advance":
            advance(Path(step["state"]), step["by"], step["of"], journal)
        case "reduce":
            reduce_for_ever(step["seconds"], Path(step["met"]))
        case "save-on-sigterm":
            signal.signal(signal.SIGTERM, lambda *_: save_and_stop(Path(step["path"]), step.get("until")))
        case "ignore-sigterm":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        case "kill":
            os.kill(os.getpid(), step["signal"])
        case "raise":
            raise ValueError(step["message"])
        case "mistake":
            raise UserError(step["message"], step["hint"])
        case "full-disk":
            raise OSError(28, "No space left on device", step["path"])
        case "print":
            print(step["text"], file=sys.stderr)
        case "exit":
            sys.exit(step["code"])


def advance(state: Path, by: int, of: int, journal: Journal) -> None:
    """A training in small: goes on from its checkpoint, so many steps; done only when it is at the last one."""
    step = int(state.read_text(encoding="utf-8")) if state.exists() else 0
    end = min(of, step + by)
    for step in range(step + 1, end + 1):
        journal.append(Steps(1, step, [1 / step], [0.01], 32, 1e-3))
        whole = state.with_name(f"{state.name}.{os.getpid()}")
        whole.write_text(str(step), encoding="utf-8")
        whole.rename(state)
        journal.append(Checkpoint(step, 1, str(state), "0" * 64, 1))
    if end == of:
        journal.append(Summary({"steps": of}))
    else:
        wait_for(state.with_name("never"))


def reduce_for_ever(seconds: float, met: Path) -> None:
    """Ranks that talk to each other through gloo, which waits no longer than that for one that is silent."""
    import torch
    from torch import distributed

    distributed.init_process_group("gloo", timeout=timedelta(seconds=60))
    group = distributed.new_group(timeout=timedelta(seconds=seconds))
    distributed.barrier()
    touch(met)
    while True:
        distributed.all_reduce(torch.ones(1), group=group)


def touch(path: Path) -> None:
    # Whole at once: whoever waits for it reads the pid in it.
    whole = path.with_name(f".{path.name}.{os.getpid()}")
    whole.write_text(str(os.getpid()), encoding="utf-8")
    whole.rename(path)


def named(value: object, rank: str) -> object:
    return value.replace("{rank}", rank) if isinstance(value, str) else value


def save_and_stop(path: Path, until: str | None) -> None:
    path.write_text("saved", encoding="utf-8")
    if until is not None:
        wait_for(Path(until))
    os._exit(0)


def wait_for(path: Path) -> None:
    while not path.exists():
        time.sleep(0.01)


if __name__ == "__main__":
    die_with_parent()
    run_rank(main)
