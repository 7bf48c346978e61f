"""A training from its job to its files: join, load, restore or begin, train, write out."""

import os
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace

import torch

from chexnet.accelerators.choose import Choice, Choosing, choose
from chexnet.accelerators.require import require_compiler, require_sync_batch_norm
from chexnet.mistakes import UserError
from chexnet.runtime.journal import Device, Journal, Summary
from chexnet.training.backbones import Building, build_backbone
from chexnet.training.checkpoint import Snapshot, find_checkpoint, read_checkpoint
from chexnet.training.compiling import compiler_told
from chexnet.training.data import Radiographs, load_radiographs
from chexnet.training.entry import say, warn
from chexnet.training.export import write_outputs
from chexnet.training.inputs import check_feed
from chexnet.training.job import TrainJob, identity_of
from chexnet.training.lonely import require_enough_values
from chexnet.training.loop import train
from chexnet.training.opening import Setting, open_session
from chexnet.training.out_of_memory import is_out_of_memory, out_of_memory
from chexnet.training.plan import Plan
from chexnet.training.progress import OtherRanks, Progress, other_ranks_text
from chexnet.training.seen_before import origin_facts
from chexnet.training.stop import watch_signals
from chexnet.training.world import TIMEOUT_SECONDS, World, join, leave, place_of, ranks_of


def run_training(
    job: TrainJob,
    journal: Journal,
    *,
    timeout_seconds: float = TIMEOUT_SECONDS,
    choosing: Choosing = choose,
    building: Building = build_backbone,
    must_resume: bool = False,
) -> int:
    """The exit code of this rank: 0 once `out` is complete, 143 or 130 after a request to stop. Raises UserError.

    `choosing` finds the device and `building` makes the network that a job names. `must_resume`: without a checkpoint
    of this training in the resume folder it is refused, and what lies there is left alone.
    """
    begun, stop = time.monotonic(), watch_signals()
    setting = prepare(job, timeout_seconds, choosing, building)
    world = setting.world
    identity = identity_of(job, setting.data)
    job.resume.mkdir(parents=True, exist_ok=True)
    snapshot, warnings = _newest(job, identity, world, must_resume=must_resume)
    progress = Progress() if snapshot is None else _taken_up(snapshot, world.size)
    saved = snapshot.progress.step if snapshot else None
    if world.leads:
        _introduce(job, journal, setting, snapshot)
        for warning in (*warnings, *_other_ranks(snapshot, progress)):
            warn(journal, warning)
    if not progress.finished:
        resident = job.params.resident == "always"
        try:
            with compiler_told(setting.choice.accelerator):
                session = open_session(job, identity, journal, setting, snapshot, stop)
                resident = session.training.resident is not None
                with closing(session.log):
                    progress = train(session, progress)
            saved = session.saved_step
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            raise out_of_memory(job.params, world.rank, resident=resident) from None
    if progress.finished and world.leads:
        _finish(job, journal, setting, progress, seconds=time.monotonic() - begun)
    if world.leads and not progress.finished:
        place = "there" if saved == progress.step else f"step {saved or 0}"
        say(f"stopped after step {progress.step} of {setting.plan.steps}; the same job goes on from {place}")
    leave(world)
    return 0 if progress.finished else stop.exit_code


def prepare(job: TrainJob, timeout_seconds: float, choosing: Choosing, building: Building = build_backbone) -> Setting:
    """What a rank needs before it opens its session: device, images, order, the other ranks. Raises UserError."""
    params = job.params
    ranks = ranks_of(os.environ)
    if ranks.size != params.ranks:
        raise UserError(f"The job is for {params.ranks} ranks and {ranks.size} were started.")
    choice = choosing(params.device, place_of(ranks, params.threads))
    data = load_radiographs(job.sources, job.findings).limited("train", params.images, seed=params.seed)
    plan = Plan(
        images=len(data.fold("train")),
        batch_size=params.batch_size,
        epochs=params.epochs,
        seed=params.seed,
        last_batch=params.last_batch,
    )
    _check(job, choice, data, plan)
    require_enough_values(params, building)
    choice.accelerator.prepare(params.precision)
    able = choice.accelerator.capabilities
    torch.use_deterministic_algorithms(params.deterministic, warn_only=not able.deterministic)
    # Filling memory that is about to be overwritten costs time and changes nothing here.
    torch._C._set_deterministic_fill_uninitialized_memory(False)
    torch.backends.cudnn.benchmark = not params.deterministic
    world = join(ranks, choice.accelerator, timeout_seconds=timeout_seconds)
    return Setting(world=world, choice=choice, data=data, plan=plan, building=building)


def _check(job: TrainJob, choice: Choice, data: Radiographs, plan: Plan) -> None:
    check_feed(choice.accelerator, job.params.input, job.params.precision, data.side)
    val = data.optional_fold("val")
    if job.params.compile:
        require_compiler(choice.accelerator)
    if job.params.sync_batch_norm and job.params.ranks > 1:
        require_sync_batch_norm(choice.accelerator)
    if plan.steps_per_epoch == 0:
        raise UserError(
            f"The fold train has {plan.images} images, fewer than one batch of {plan.batch_size}.",
            "Lower batch_size.",
        )
    if job.params.early_stopping_epochs is not None and val is None:
        raise UserError("early_stopping_epochs needs a fold val, and it has no image.")
    if job.params.schedule.name == "plateau" and job.params.schedule.metric != "train_loss" and val is None:
        raise UserError(f"schedule.metric {job.params.schedule.metric} needs a fold val, and it has no image.")


def _newest(job: TrainJob, identity: str, world: World, *, must_resume: bool) -> tuple[Snapshot | None, Sequence[str]]:
    """The checkpoint to go on from, and what is to be told about it. Rank 0 decides which; all read it.

    Raises UserError where there must be one and is none.
    """
    warnings: list[str] = []
    step = find_checkpoint(job.resume, identity, warnings.append) if world.leads else None
    step = world.share(0 if step is None else step)
    if step > 0:
        return read_checkpoint(job.resume, step), warnings
    if must_resume:
        why = "".join(f"\n  {warning}" for warning in warnings[:-1])
        raise UserError(
            f"{job.resume} has no checkpoint of this training to go on from.{why}", "Give it the same options."
        )
    return None, warnings


def _taken_up(snapshot: Snapshot, ranks: int) -> Progress:
    """Where it stood; of a training that is not finished, a change of the number of ranks is on record."""
    progress = snapshot.progress
    if progress.finished or snapshot.ranks == ranks:
        return progress
    change = OtherRanks(after_step=progress.step, ranks_before=snapshot.ranks, ranks=ranks)
    return replace(progress, other_ranks=(*progress.other_ranks, change))


def _other_ranks(snapshot: Snapshot | None, progress: Progress) -> Sequence[str]:
    if snapshot is None or progress.other_ranks == snapshot.progress.other_ranks:
        return ()
    return (f"{other_ranks_text(progress.other_ranks[-1])}: not bit-equal to a training without this change",)


def _introduce(job: TrainJob, journal: Journal, setting: Setting, resumed: Snapshot | None) -> None:
    accelerator = setting.choice.accelerator
    journal.append(
        Device(
            name=accelerator.name,
            description=accelerator.describe(),
            because=setting.choice.because,
            torch=torch.__version__,
            ranks=setting.world.size,
            resumed_from_step=None if resumed is None else resumed.progress.step,
            resumed_from_ranks=None if resumed is None else resumed.ranks,
        )
    )
    for remark in (*accelerator.remarks(job.params.precision), *setting.data.remarks()):
        say(remark)
    if job.params.images is not None:
        used, all_images = setting.plan.images, setting.plan.images + setting.data.passed_over
        say(f"{used:,} of the {all_images:,} images of the fold train are used, chosen by seed {job.params.seed}")
    if job.params.sync_batch_norm and setting.world.size == 1:
        say("sync_batch_norm does nothing with one rank")
    if setting.data.optional_fold("val") is None:
        say("the fold val has no image: nothing is validated, and the last epoch counts as best")
    absent = [
        name
        for name, count in zip(job.findings, setting.data.fold("train").labels.sum(0).tolist(), strict=True)
        if count == 0
    ]
    if absent:
        say(f"no training image shows {', '.join(absent)}")


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
        **_skipped(progress),
        "device": setting.choice.accelerator.name,
        "ranks": setting.world.size,
        **({"other_ranks": "; ".join(map(other_ranks_text, progress.other_ranks))} if progress.other_ranks else {}),
        "seconds": round(seconds, 1),
    }
    journal.append(Summary(facts=facts))
    journal.close(sync=True)


def _skipped(progress: Progress) -> dict[str, object]:
    """Steps that fp16 left out; nothing in other precisions."""
    counts = [row.get("skipped_steps") for row in progress.history]
    return {"skipped_steps": sum(count for count in counts if isinstance(count, int))} if None not in counts else {}
