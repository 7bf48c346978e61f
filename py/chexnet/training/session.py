"""What the loop works with on one rank."""

from dataclasses import dataclass

from chexnet.accelerators.protocol import Accelerator
from chexnet.runtime.journal import Journal
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


@dataclass(slots=True)
class Session:
    """`validation` is None without a validation fold; `best`: the file of the best epoch, known to rank 0 alone."""

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
    best: Written | None
