"""What the loop works with on one rank."""

from collections.abc import Mapping
from dataclasses import dataclass

from chexnet.accelerators.protocol import Accelerator
from chexnet.runtime.journal import Journal
from chexnet.training.compiling import Timed
from chexnet.training.files import Written
from chexnet.training.inputs import Feed
from chexnet.training.job import TrainJob
from chexnet.training.loader import Reader
from chexnet.training.losses import Criterion
from chexnet.training.network import Network
from chexnet.training.plan import Plan
from chexnet.training.schedule import Rates
from chexnet.training.step_log import StepLog
from chexnet.training.stop import StopRequest
from chexnet.training.world import World


@dataclass(frozen=True, slots=True)
class Unwritten:
    """A file of tensors that is still to be written."""

    name: str
    content: Mapping[str, object]


@dataclass(slots=True)
class Session:
    """`validation` is None without a validation fold; `best`: the file of the best epoch, known to rank 0 alone.

    `unwritten`: that of a better epoch, not yet on the disk. `saved_step`: of the newest checkpoint, None without one;
    `unsaved`: how many were refused by a full disk since.
    """

    job: TrainJob
    identity: str
    world: World
    accelerator: Accelerator
    journal: Journal
    stop: StopRequest
    plan: Plan
    rates: Rates
    criterion: Criterion
    training: Reader
    validation: Reader | None
    feed: Feed
    network: Network
    log: StepLog
    first_step: Timed
    best: Written | None
    saved_step: int | None = None
    unwritten: Unwritten | None = None
    unsaved: int = 0
