"""What a rank needs to train, made from its job: the network, the readers of its images, the log of its steps."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from chexnet.accelerators.choose import Choice
from chexnet.runtime.journal import Journal, Log
from chexnet.training.backbones import Building, build_backbone
from chexnet.training.checkpoint import Snapshot
from chexnet.training.compiling import Timed
from chexnet.training.data import Fold, Radiographs
from chexnet.training.entry import say
from chexnet.training.inputs import Feed
from chexnet.training.job import TrainJob
from chexnet.training.loader import Reader
from chexnet.training.losses import make_criterion
from chexnet.training.network import Network, build_network, restore
from chexnet.training.params import TrainParams
from chexnet.training.plan import Plan
from chexnet.training.resident import hold, residence
from chexnet.training.schedule import Rates
from chexnet.training.seen_before import seen_before
from chexnet.training.session import Session
from chexnet.training.step_log import Sink, StepLog, open_steps
from chexnet.training.stop import StopRequest
from chexnet.training.views import Viewing
from chexnet.training.world import World

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a job runs and on what."""

    world: World
    choice: Choice
    data: Radiographs
    plan: Plan
    building: Building = build_backbone


def open_session(
    job: TrainJob, identity: str, journal: Journal, setting: Setting, snapshot: Snapshot | None, stop: StopRequest
) -> Session:
    """Before the first step, or where the snapshot was taken. Collective. Raises UserError."""
    world, accelerator, params, plan = setting.world, setting.choice.accelerator, job.params, setting.plan
    feed = Feed(accelerator, params.input, params.precision)
    labels = setting.data.fold("train").labels
    tell = partial(_tell, journal if world.leads else None)
    network = build_network(
        params,
        labels,
        feed,
        world,
        findings=job.findings,
        snapshot=None if snapshot is None else snapshot.tensors,
        tell=tell,
        building=setting.building,
    )
    if snapshot is not None:
        _restore(network, snapshot, setting, params, feed, tell)
    elif warning := seen_before(network.started_from, job.sources.folds):
        tell(warning)
    training, validation = _readers(params, setting, tell)
    return Session(
        job=job,
        identity=identity,
        world=world,
        accelerator=accelerator,
        journal=journal,
        stop=stop,
        plan=plan,
        rates=Rates(params.schedule, params.optimizer.lr, plan.steps, plan.steps_per_epoch),
        criterion=make_criterion(params.loss, labels, dtype=feed.dtype, device=accelerator.device),
        training=training,
        validation=validation,
        feed=feed,
        network=network,
        log=StepLog(_sink(job, journal, setting, network, snapshot)),
        first_step=Timed("the first step", accelerator, tell, wanted=params.compile),
        best=None if snapshot is None else snapshot.best,
        saved_step=None if snapshot is None else snapshot.progress.step,
    )


def _restore(
    network: Network, snapshot: Snapshot, setting: Setting, params: TrainParams, feed: Feed, tell: Tell
) -> None:
    # While only the head learned, DDP took no part: it must not have been rehearsed either when its first step comes.
    used = snapshot.progress.step > params.freeze_epochs * setting.plan.steps_per_epoch
    share = params.batch_size // (setting.world.size * params.accumulate)
    told = params.compile and used and setting.world.size > 1
    with Timed("the discarded pass before the first step", feed.accelerator, tell, wanted=told):
        restore(network, snapshot.tensors, feed, setting.world, share=share if used else None)


def _sink(job: TrainJob, journal: Journal, setting: Setting, network: Network, snapshot: Snapshot | None) -> Sink:
    length = 0 if snapshot is None else snapshot.progress.steps_bytes
    return Sink(
        world=setting.world,
        accelerator=setting.choice.accelerator,
        journal=journal,
        file=open_steps(job.resume, length) if setting.world.leads else None,
        plan=setting.plan,
        scaler=network.scaler,
    )


def _readers(params: TrainParams, setting: Setting, tell: Tell) -> tuple[Reader, Reader | None]:
    """Of the training fold and, where there is one, of the validation fold."""
    data, accelerator = setting.data, setting.choice.accelerator
    folds: Sequence[Fold] = [fold for fold in (data.fold("train"), data.optional_fold("val")) if fold is not None]
    stay = residence(params.resident, accelerator, folds, data.side)
    if stay.line is not None:
        tell(stay.line)
    centre = Viewing(stored=data.side, side=params.input.crop, augment=None, seed=params.seed)
    varied = replace(centre, augment=params.augment, ten_crop=params.ten_crop)
    readers = [
        Reader(
            accelerator,
            data.pixels,
            fold,
            viewing,
            resident=hold(data.pixels, fold, accelerator) if number < stay.folds else None,
        )
        for number, (fold, viewing) in enumerate(zip(folds, (varied, centre), strict=False))
    ]
    return readers[0], readers[1] if len(readers) > 1 else None


def _tell(journal: Journal | None, text: str) -> None:
    """In the job's log and, where there is one, in its journal. None for ranks that only follow."""
    if journal is None:
        return
    say(text)
    if journal.path is not None:
        journal.append(Log(rank=0, stream="stderr", line=text))
