"""torch.compile: the network by the device's compiler, the time that it takes, and what to do when it fails."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType

from torch import nn

from chexnet.accelerators.protocol import Accelerator
from chexnet.accelerators.require import require_compiler
from chexnet.mistakes import UserError


def compile_in_place(model: nn.Module, accelerator: Accelerator) -> None:
    """From now on calls of the model are compiled, at the first of each kind; its parameters keep their names.

    The model is compiled, not DistributedDataParallel around it: the first epochs may go past that, and validation
    does. Under DistributedDataParallel torch cuts the graph where its buckets of gradients end, so that the ranks still
    average one bucket while the next is computed: as many compilations as buckets.
    """
    # There are few shapes. Left to itself torch would make a second one general, and slower.
    model.compile(backend=require_compiler(accelerator), dynamic=False)


@dataclass(slots=True)
class Timed:
    """A context that tells once, of the first time that it is entered, how long that took."""

    what: str
    accelerator: Accelerator
    tell: Callable[[str], None]
    wanted: bool
    begun: float = 0.0

    def __enter__(self) -> None:
        if self.wanted:
            self.begun = time.perf_counter()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.wanted and kind is None:
            self.wanted = False
            self.accelerator.synchronize()
            self.tell(f"{self.what} took {time.perf_counter() - self.begun:.1f} s with torch.compile")


@contextmanager
def compiler_told(accelerator: Accelerator) -> Iterator[None]:
    """Around what may compile. Raises UserError in place of the compiler's failure, all else as it is."""
    try:
        yield
    except RuntimeError as error:
        if not _is_compiler_failure(error):
            raise
        raise _compiler_failure(error, accelerator) from None


def _is_compiler_failure(error: BaseException) -> bool:
    """Whether torch.compile failed, and not what it compiled."""
    return any(cause.__module__.startswith(("torch._dynamo", "torch._inductor")) for cause in type(error).__mro__)


def _compiler_failure(error: BaseException, accelerator: Accelerator) -> UserError:
    """What it said first, with the cause where that only announces one, and the way out."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    said = " ".join(lines[:2]) if lines[0].endswith(":") else lines[0]
    return UserError(
        f"torch.compile failed with the backend {accelerator.capabilities.compiler}: {said}",
        "Leave compile out; or give the compiler what it lacks (on a processor, a C++ compiler as g++).",
    )
