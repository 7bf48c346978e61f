"""When one rank has ended badly torchrun tells the others to end, and waits for half a minute before it kills them.

A rank that waits in a collective does not hear it, and without its peers it has nothing to save. It is killed sooner,
so that the next attempt begins sooner.
"""

import contextlib
import os
import signal
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path

from chexnet.runtime.rank_files import told_to_end

_LOOK_SECONDS = 1.0
_PATIENCE_SECONDS = 10.0


@dataclass(slots=True)
class Teardown:
    """Of one attempt under torchrun, whose log lies in `folder`. `ended`: pids of ranks that were killed for it."""

    folder: Path
    ended: set[int] = field(default_factory=set)
    _looked_at: float = field(default=float("-inf"), init=False)
    _since: float | None = field(default=None, init=False)

    def hurry(self, alive: Callable[[], Collection[int]], *, now: float) -> None:
        """Kill the ranks that were told to end and did not. `alive`: pids of the job's processes; `now`: monotonic."""
        if now - self._looked_at < _LOOK_SECONDS:
            return
        self._looked_at = now
        told = told_to_end(self.folder)
        if not told:
            return
        self._since = now if self._since is None else self._since
        if now - self._since < _PATIENCE_SECONDS:
            return
        for pid in told.intersection(alive()):
            self.ended.add(pid)
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
