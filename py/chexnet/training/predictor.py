"""A prediction from its job to predictions.csv: one row per image, in the order of metadata.csv, as they are scored."""

import csv
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from chexnet.accelerators.choose import Choice, Choosing, choose
from chexnet.mistakes import UserError
from chexnet.runtime.journal import Device, Journal, Progress, Summary
from chexnet.training.backbones import Model, build_backbone
from chexnet.training.compiling import compile_in_place, compiler_told
from chexnet.training.data import Fold, Radiographs, load_radiographs
from chexnet.training.entry import say
from chexnet.training.export import BEST_FILE
from chexnet.training.files import sync_folder
from chexnet.training.inputs import Feed, check_feed
from chexnet.training.job import PredictJob
from chexnet.training.loader import Reader
from chexnet.training.network import to_device
from chexnet.training.params import BACKBONES, Input, input_from_model
from chexnet.training.scoring import Scored, score
from chexnet.training.stop import StopRequest, watch_signals
from chexnet.training.tensors_file import read_tensors
from chexnet.training.validate import forward
from chexnet.training.views import Viewing
from chexnet.training.weight_layouts import MODEL_SCHEMA
from chexnet.training.weights import load_weights
from chexnet.training.world import TIMEOUT_SECONDS, World, join, leave, place_of, ranks_of

PREDICTIONS_FILE = "predictions.csv"

# News at most this often.
_NEWS_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Merged:
    """Images of several folds in the order of metadata.csv. `fold_of`: the fold's name per image."""

    fold: Fold
    fold_of: tuple[str, ...]


def run_prediction(
    job: PredictJob, journal: Journal, *, timeout_seconds: float = TIMEOUT_SECONDS, choosing: Choosing = choose
) -> int:
    """The exit code of this rank: 0 once predictions.csv is complete, 143 or 130 when stopped. Raises UserError.

    `choosing` finds the device that a job names.
    """
    begun = time.monotonic()
    stop = watch_signals()
    params = job.params
    ranks = ranks_of(os.environ)
    if ranks.size != params.ranks:
        raise UserError(f"The job is for {params.ranks} ranks and {ranks.size} were started.")
    choice = choosing(params.device, place_of(ranks, params.threads))
    data = load_radiographs(job.sources, job.findings)
    images = merge([data.fold(name) for name in params.folds])
    model, wanted = load_trained(job.model / BEST_FILE, job.findings)
    check_feed(choice.accelerator, wanted, params.precision, data.side)
    choice.accelerator.prepare(params.precision)
    feed = Feed(choice.accelerator, wanted, params.precision)
    model = to_device(model, feed).eval()
    if params.compile:
        with compiler_told(choice.accelerator):
            compile_in_place(model, choice.accelerator)
    view = Viewing(stored=data.side, side=wanted.crop, augment=None, seed=0)
    reader = Reader(choice.accelerator, data.pixels, images.fold, view)
    world = join(ranks, choice.accelerator, timeout_seconds=timeout_seconds)
    if world.leads:
        _introduce(job, journal, choice, world, data)
    scored = score(
        lambda positions: forward(model, reader, feed, positions),
        count=len(images.fold),
        batch_size=params.batch_size,
        outputs=len(job.findings),
        world=world,
    )
    with compiler_told(choice.accelerator):
        complete = _write(job, journal, images, _until(scored, stop, world), world)
    if world.leads and complete:
        journal.append(Summary(facts=_facts(images, choice, world, time.monotonic() - begun)))
        journal.close(sync=True)
    leave(world)
    return 0 if complete else stop.exit_code


def merge(folds: Sequence[Fold]) -> Merged:
    """The folds as one, in the order of metadata.csv."""
    places = np.concatenate([fold.places for fold in folds])
    order = np.argsort(places, kind="stable")
    names = [fold.name for fold in folds for _ in range(len(fold))]
    images = [image for fold in folds for image in fold.images]
    patients = [patient for fold in folds for patient in fold.patients]
    fold = Fold(
        name="+".join(fold.name for fold in folds),
        images=tuple(images[at] for at in order),
        patients=tuple(patients[at] for at in order),
        places=places[order],
        rows=np.concatenate([fold.rows for fold in folds])[order],
        labels=np.concatenate([fold.labels for fold in folds])[order],
    )
    return Merged(fold=fold, fold_of=tuple(names[at] for at in order))


def load_trained(path: Path, findings: Sequence[str]) -> tuple[Model, Input]:
    """A model file of ours and the input that it wants. Raises UserError when it is for other findings."""
    content = read_tensors(path)
    if content.get("schema") != MODEL_SCHEMA:
        raise UserError(f"{path} is not a model file of this version.")
    if content.get("findings") != list(findings):
        raise UserError(f"{path} was trained on other findings ({content.get('findings')}).")
    # Models of versions that knew one backbone do not name it.
    named = content.get("backbone", "densenet121")
    backbone = BACKBONES.get(named) if isinstance(named, str) else None
    if backbone is None:
        raise UserError(f"{path} is of a backbone that this version does not know ({named}).")
    model = build_backbone(backbone, len(findings))
    if load_weights(model, path, findings, backbone=backbone).head != "kept":
        raise UserError(f"{path} has no classifier for its {len(findings)} findings.")
    return model, input_from_model(content.get("input"))


def probabilities(logits: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
    """The sigmoid, computed in float64 so that scores near 0 and 1 keep their order as long as they can."""
    with np.errstate(over="ignore"):
        return (1.0 / (1.0 + np.exp(-logits.astype(np.float64)))).astype(np.float32)


def _write(job: PredictJob, journal: Journal, images: Merged, scored: Iterator[Scored], world: World) -> bool:
    """Write rows as they come; True when all did. Other ranks only take part in the scoring."""
    if not world.leads:
        return sum(len(part.positions) for part in scored) == len(images.fold)
    job.out.mkdir(parents=True, exist_ok=True)
    done, told = 0, time.monotonic()
    with open(job.out / PREDICTIONS_FILE, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["image", "patient", "fold", *job.findings])
        for part in scored:
            for position, row in zip(part.positions.tolist(), probabilities(part.logits), strict=True):
                who = (images.fold.images[position], images.fold.patients[position], images.fold_of[position])
                # The shortest text that reads back as the same float32.
                writer.writerow([*who, *map(str, row)])
            done += len(part.positions)
            if time.monotonic() - told > _NEWS_SECONDS or done == len(images.fold):
                journal.append(Progress(done=done, total=len(images.fold), unit="images"))
                told = time.monotonic()
        file.flush()
        os.fsync(file.fileno())
    sync_folder(job.out)
    return done == len(images.fold)


def _until(scored: Iterator[Scored], stop: StopRequest, world: World) -> Iterator[Scored]:
    for part in scored:
        if not np.isfinite(part.logits).all():
            raise UserError("The model's scores are not finite.", "Train it again, or predict in fp32.")
        yield part
        if world.any(stop.requested):
            return


def _introduce(job: PredictJob, journal: Journal, choice: Choice, world: World, data: Radiographs) -> None:
    journal.append(
        Device(
            name=choice.accelerator.name,
            description=choice.accelerator.describe(),
            because=choice.because,
            torch=torch.__version__,
            ranks=world.size,
            resumed_from_step=None,
            resumed_from_ranks=None,
        )
    )
    for remark in (*choice.accelerator.remarks(job.params.precision), *data.remarks()):
        say(remark)


def _facts(images: Merged, choice: Choice, world: World, seconds: float) -> dict[str, object]:
    return {
        "images": len(images.fold),
        **{f"{name}_images": images.fold_of.count(name) for name in dict.fromkeys(images.fold_of)},
        "device": choice.accelerator.name,
        "ranks": world.size,
        "seconds": round(seconds, 1),
    }
