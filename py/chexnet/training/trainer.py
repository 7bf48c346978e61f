"""A training from its job to its files: join, load, restore or begin, train, write out."""

import os
import time
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial

import torch

from chexnet.accelerators.choose import Choice, choose
from chexnet.mistakes import UserError
from chexnet.runtime.journal import Device, Journal, Log, Summary
from chexnet.training.checkpoint import Snapshot, find_checkpoint, read_checkpoint
from chexnet.training.data import Radiographs, load_radiographs
from chexnet.training.entry import say
from chexnet.training.export import write_outputs
from chexnet.training.inputs import Feed, check_feed
from chexnet.training.job import TrainJob, identity_of
from chexnet.training.loader import Reader
from chexnet.training.loop import train
from chexnet.training.losses import make_criterion
from chexnet.training.network import Network, build_network, restore
from chexnet.training.out_of_memory import is_out_of_memory, out_of_memory
from chexnet.training.params import TrainParams
from chexnet.training.plan import Plan
from chexnet.training.progress import Progress
from chexnet.training.schedule import Rates
from chexnet.training.seen_before import origin_facts, seen_before
from chexnet.training.session import Session
from chexnet.training.step_log import Sink, StepLog, open_steps
from chexnet.training.stop import StopRequest, watch_signals
from chexnet.training.views import Viewing
from chexnet.training.world import TIMEOUT_SECONDS, World, join, leave, place_of, ranks_of


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a job runs and on what."""

    world: World
    choice: Choice
    data: Radiographs
    plan: Plan


def run_training(job: TrainJob, journal: Journal, *, timeout_seconds: float = TIMEOUT_SECONDS) -> int:
    """The exit code of this rank: 0 once `out` is complete, 143 or 130 after a request to stop. Raises UserError."""
    begun = time.monotonic()
    stop = watch_signals()
    setting = _prepare(job, timeout_seconds)
    world = setting.world
    identity = identity_of(job, setting.data)
    job.resume.mkdir(parents=True, exist_ok=True)
    snapshot = _newest(job, identity, world)
    progress = Progress() if snapshot is None else snapshot.progress
    if world.leads:
        _introduce(job, journal, setting, progress if snapshot else None)
    if not progress.finished:
        try:
            session = _open_session(job, identity, journal, setting, snapshot, stop)
            with closing(session.log):
                progress = train(session, progress)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            raise out_of_memory(job.params, world.rank) from None
    if progress.finished and world.leads:
        _finish(job, journal, setting, progress, seconds=time.monotonic() - begun)
    if world.leads and not progress.finished:
        say(f"stopped after step {progress.step} of {setting.plan.steps}; the same job goes on from there")
    leave(world)
    return 0 if progress.finished else stop.exit_code


def _prepare(job: TrainJob, timeout_seconds: float) -> Setting:
    params = job.params
    ranks = ranks_of(os.environ)
    if ranks.size != params.ranks:
        raise UserError(f"The job is for {params.ranks} ranks and {ranks.size} were started.")
    choice = choose(params.device, place_of(ranks, params.threads))
    data = load_radiographs(job.sources, job.findings).limited("train", params.images, seed=params.seed)
    plan = Plan(
        images=len(data.fold("train")),
        batch_size=params.batch_size,
        epochs=params.epochs,
        seed=params.seed,
        last_batch=params.last_batch,
    )
    _check(job, choice, data, plan)
    choice.accelerator.prepare(params.precision)
    able = choice.accelerator.capabilities
    torch.use_deterministic_algorithms(params.deterministic, warn_only=not able.deterministic)
    # Filling memory that is about to be overwritten costs time and changes nothing here.
    torch._C._set_deterministic_fill_uninitialized_memory(False)
    torch.backends.cudnn.benchmark = not params.deterministic
    world = join(ranks, choice.accelerator, timeout_seconds=timeout_seconds)
    return Setting(world=world, choice=choice, data=data, plan=plan)


def _check(job: TrainJob, choice: Choice, data: Radiographs, plan: Plan) -> None:
    check_feed(choice.accelerator, job.params.input, job.params.precision, data.side)
    val = data.optional_fold("val")
    if plan.steps_per_epoch == 0:
        raise UserError(
            f"The fold train has {plan.images} images, fewer than one batch of {plan.batch_size}.",
            "Lower batch_size.",
        )
    if job.params.early_stopping_epochs is not None and val is None:
        raise UserError("early_stopping_epochs needs a fold val, and it has no image.")
    if job.params.schedule.name == "plateau" and job.params.schedule.metric != "train_loss" and val is None:
        raise UserError(f"schedule.metric {job.params.schedule.metric} needs a fold val, and it has no image.")


def _newest(job: TrainJob, identity: str, world: World) -> Snapshot | None:
    """The checkpoint to go on from. Rank 0 decides which; all read it."""
    step = find_checkpoint(job.resume, identity, say) if world.leads else None
    step = world.share(0 if step is None else step)
    return read_checkpoint(job.resume, step) if step > 0 else None


def _introduce(job: TrainJob, journal: Journal, setting: Setting, resumed: Progress | None) -> None:
    accelerator = setting.choice.accelerator
    journal.append(
        Device(
            name=accelerator.name,
            description=accelerator.describe(),
            because=setting.choice.because,
            torch=torch.__version__,
            ranks=setting.world.size,
            resumed_from_step=None if resumed is None else resumed.step,
            resumed_from_ranks=None,
        )
    )
    for remark in (*accelerator.remarks(job.params.precision), *setting.data.remarks()):
        say(remark)
    if job.params.images is not None:
        used, all_images = setting.plan.images, setting.plan.images + setting.data.passed_over
        say(f"{used:,} of the {all_images:,} images of the fold train are used, chosen by seed {job.params.seed}")
    if setting.data.optional_fold("val") is None:
        say("the fold val has no image: nothing is validated, and the last epoch counts as best")
    absent = [
        name
        for name, count in zip(job.findings, setting.data.fold("train").labels.sum(0).tolist(), strict=True)
        if count == 0
    ]
    if absent:
        say(f"no training image shows {', '.join(absent)}")


def _open_session(
    job: TrainJob, identity: str, journal: Journal, setting: Setting, snapshot: Snapshot | None, stop: StopRequest
) -> Session:
    world, data, accelerator, params = setting.world, setting.data, setting.choice.accelerator, job.params
    feed = Feed(accelerator, params.input, params.precision)
    tell = partial(_tell, journal if world.leads else None)
    network = build_network(
        params,
        data.fold("train").labels,
        feed,
        world,
        findings=job.findings,
        snapshot=None if snapshot is None else snapshot.tensors,
        tell=tell,
    )
    if snapshot is not None:
        _restore(network, snapshot, setting, params, feed)
    elif warning := seen_before(network.started_from, job.sources.folds):
        tell(warning)
    length = 0 if snapshot is None else snapshot.progress.steps_bytes
    sink = Sink(
        world=world,
        accelerator=accelerator,
        journal=journal,
        file=open_steps(job.resume, length) if world.leads else None,
        plan=setting.plan,
    )
    centre = Viewing(stored=data.side, side=params.input.crop, augment=None, seed=params.seed)
    varied = replace(centre, augment=params.augment, ten_crop=params.ten_crop)
    labels = data.fold("train").labels
    val = data.optional_fold("val")
    return Session(
        job=job,
        identity=identity,
        world=world,
        accelerator=accelerator,
        journal=journal,
        stop=stop,
        plan=setting.plan,
        rates=Rates(params.schedule, params.optimizer.lr, setting.plan.steps, setting.plan.steps_per_epoch),
        criterion=make_criterion(params.loss, labels, dtype=feed.dtype, device=accelerator.device),
        training=Reader(accelerator, data.pixels, data.fold("train"), varied),
        validation=None if val is None else Reader(accelerator, data.pixels, val, centre),
        feed=feed,
        network=network,
        log=StepLog(sink),
        best=None if snapshot is None else snapshot.best,
    )


def _restore(network: Network, snapshot: Snapshot, setting: Setting, params: TrainParams, feed: Feed) -> None:
    # While only the head learned, DDP took no part: it must not have been rehearsed either when its first step comes.
    used = snapshot.progress.step > params.freeze_epochs * setting.plan.steps_per_epoch
    share = params.batch_size // (setting.world.size * params.accumulate)
    restore(network, snapshot.tensors, feed, setting.world, share=share if used else None)


def _finish(job: TrainJob, journal: Journal, setting: Setting, progress: Progress, *, seconds: float) -> None:
    latest = write_outputs(job, read_checkpoint(job.resume, progress.step))
    best, folds = progress.best, setting.data.folds
    rows = progress.history
    images = sum(map(setting.plan.images_of, range(1, progress.step + 1)))
    trained = sum(float(str(row["train_seconds"])) for row in rows)
    facts: dict[str, object] = {
        "epochs": progress.epoch,
        "steps": progress.step,
        "stopped_early": progress.epoch < job.params.epochs,
        **origin_facts(latest.get("started_from"), job.sources.folds),
        "best_epoch": None if best is None else best.epoch,
        "best_measure": None if best is None else best.measure,
        "best_value": None if best is None else best.value,
        "train_loss": rows[-1]["train_loss"],
        "val_auroc_macro": rows[-1]["val_auroc_macro"],
        "train_images": len(folds["train"]),
        "val_images": len(folds["val"]) if "val" in folds else 0,
        "left_out_images": len(setting.data.left_out),
        "images_not_at_hand": sum(len(images) for images in setting.data.not_at_hand.values()),
        "images_per_second": round(images / trained, 2) if trained > 0 else None,
        "device": setting.choice.accelerator.name,
        "ranks": setting.world.size,
        "seconds": round(seconds, 1),
    }
    journal.append(Summary(facts=facts))
    journal.close(sync=True)


def _tell(journal: Journal | None, text: str) -> None:
    """In the job's log and, where there is one, in its journal. None for ranks that only follow."""
    if journal is None:
        return
    say(text)
    if journal.path is not None:
        journal.append(Log(rank=0, stream="stderr", line=text))
