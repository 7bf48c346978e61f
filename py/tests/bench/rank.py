"""One rank of a training that is measured from outside: `python -m tests.bench.rank ORDER.json`.

Rank 0 is told over a socket to go on for a block of steps, and answers with the seconds that they took. In between all
ranks sleep.
"""

import json
import os
import sys
import time
from dataclasses import dataclass
from multiprocessing.connection import Client, Connection
from pathlib import Path
from typing import TYPE_CHECKING

from chexnet.accelerators.environment import prepare_environment
from chexnet.runtime.process import die_with_parent

if TYPE_CHECKING:
    from tests.bench.observed import Watch


@dataclass(slots=True)
class Told:
    """The hook after every update. `line` belongs to rank 0 alone."""

    line: "Connection | None"
    warm: int
    _left: int = 0
    _begun: float = 0.0

    def __call__(self, watch: "Watch") -> None:
        from tests.bench.observed import Enough

        if self._left == 0:
            self._left = self.warm
        self._left -= 1
        if self._left > 0:
            return
        world = watch.world
        watch.accelerator.synchronize()
        world.barrier()
        if self.line is not None:
            self.line.send(time.perf_counter() - self._begun)
        steps = world.share(0 if self.line is None else int(self.line.recv()))
        if steps == 0:
            raise Enough
        self._left, self._begun = steps, time.perf_counter()


def main() -> None:
    die_with_parent()
    prepare_environment(os.environ)
    order = json.loads(Path(sys.argv[1]).read_text())
    from tests.bench.case import Case, endless_job
    from tests.bench.observed import train_observed

    case, folder = Case(**order["case"]), Path(order["folder"])
    leads = os.environ.get("RANK", "0") == "0"
    line = Client(order["address"], family="AF_UNIX") if leads else None
    job = endless_job(case, order["files"], folder, report_steps=order["report_steps"])
    train_observed(job, folder, Told(line, order["warm"]), channels_last=case.channels_last, timed=False)
    # As a training ends: threads of the collectives may abort an interpreter that tears itself down.
    os._exit(0)


if __name__ == "__main__":
    main()
