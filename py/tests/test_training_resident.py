"""Images that stay on the device: when they do, what is said, and that no bit of a batch or a model differs."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from chexnet.accelerators.cpu import CpuAccelerator
from chexnet.accelerators.protocol import Accelerator
from chexnet.findings import FINDINGS
from chexnet.mistakes import UserError
from chexnet.runtime.journal import Journal
from chexnet.training.data import Fold, Radiographs, Sources, load_radiographs
from chexnet.training.inputs import Feed
from chexnet.training.job import parse_train_job
from chexnet.training.loader import Reader
from chexnet.training.params import Input, Resident
from chexnet.training.plan import Plan
from chexnet.training.recipe import Augment
from chexnet.training.resident import Residence, hold, residence
from chexnet.training.trainer import run_training
from chexnet.training.views import Viewing
from tests.imagined import choosing, imagined, small
from tests.rig import Artifacts, train_arguments
from tests.test_training import as_before

# Of the folds train and val at 32 × 32.
TRAIN, VAL = 24 * 1024, 8 * 1024
IMAGES = "the 24.6 kB of training images"
PROCESSOR = CpuAccelerator(threads=1)


@pytest.fixture(scope="module")
def data(artifacts: Artifacts) -> Radiographs:
    return load_radiographs(Sources(artifacts.images, artifacts.folds, artifacts.dataset), FINDINGS)


def asked(data: Radiographs, wanted: Resident, accelerator: Accelerator, *names: str) -> Residence:
    folds: list[Fold] = [data.fold(name) for name in names or ("train", "val")]
    return residence(wanted, accelerator, folds, data.side)


@pytest.mark.parametrize(
    ("free", "folds", "line"),
    [
        (
            (TRAIN + VAL) * 5 // 2,
            2,
            f"{IMAGES} stay on the device, and the 8.2 kB for validation too",
        ),
        ((TRAIN + VAL) * 5 // 2 - 3, 1, f"{IMAGES} stay on the device"),
        (TRAIN * 5 // 2, 1, f"{IMAGES} stay on the device"),
        (
            TRAIN * 5 // 2 - 3,
            0,
            f"{IMAGES} do not stay on the device: they would take more than 40% of the 61.4 kB that are free on it",
        ),
        (
            None,
            0,
            f"{IMAGES} do not stay on the device, which does not say how much it can hold",
        ),
    ],
)
def test_auto_leaves_most_of_what_is_free_to_the_network(
    data: Radiographs, free: int | None, folds: int, line: str
) -> None:
    assert asked(data, "auto", imagined(free=free)) == Residence(folds, line)


def test_always_takes_what_fits_and_never_nothing(data: Radiographs) -> None:
    assert asked(data, "always", imagined(free=TRAIN)).folds == 1
    assert asked(data, "always", imagined(free=TRAIN + VAL)).folds == 2
    assert asked(data, "always", imagined(free=None)).folds == 2
    assert asked(data, "always", imagined(free=TRAIN), "train").folds == 1
    assert asked(data, "never", imagined(free=2**40)) == Residence(0, None)


def test_on_the_processor_nothing_stays_and_nothing_is_said(data: Radiographs) -> None:
    assert asked(data, "auto", PROCESSOR) == Residence(0, None)


@pytest.mark.parametrize(
    ("accelerator", "message"),
    [
        (
            imagined(free=TRAIN - 1),
            f"params.resident is always, and {IMAGES} do not fit into the 24.6 kB that are free on an imagined device.",
        ),
        (PROCESSOR, f"params.resident is always, and {PROCESSOR.describe()} has no memory of its own."),
    ],
)
def test_always_without_room_is_a_mistake(data: Radiographs, accelerator: Accelerator, message: str) -> None:
    with pytest.raises(UserError) as caught:
        asked(data, "always", accelerator)

    assert caught.value.user_message == message
    assert caught.value.hint is not None
    assert "resident: auto" in caught.value.hint


@pytest.mark.parametrize("augment", [None, Augment(flip=0.5, shift=2), Augment(rotate=5, cutout=0.3, mixup=0.4)])
def test_a_batch_that_is_gathered_on_the_device_has_the_same_bits(data: Radiographs, augment: Augment | None) -> None:
    feed = Feed(PROCESSOR, Input(crop=32, normalize="per-image"), "fp32")
    viewing = Viewing(stored=32, side=32, augment=augment, seed=3)
    fold = data.fold("val")
    read = Reader(PROCESSOR, data.pixels, fold, viewing)
    held = replace(read, resident=hold(data.pixels, fold, PROCESSOR))
    plan = Plan(images=len(fold), batch_size=4, epochs=1, seed=1)

    for batch in plan.batches(1):
        (share,) = plan.shares(batch, rank=0, ranks=1, passes=1)
        ours, theirs = (reader.read_share(share, 1, 1) for reader in (held, read))
        assert ours.pixels.numel() == 0
        assert torch.equal(feed.images(ours), feed.images(theirs))
        assert torch.equal(feed.targets(ours).labels, feed.targets(theirs).labels)


def test_all_images_of_the_fold_are_held_in_its_order(data: Radiographs) -> None:
    fold = data.fold("test").at(np.array([5, 0, 3]))

    assert np.array_equal(hold(data.pixels, fold, PROCESSOR).numpy(), data.pixels[fold.rows])


def test_a_training_with_resident_images_gives_the_same_files_and_says_so(
    artifacts: Artifacts, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def trained(resident: str) -> tuple[bytes, str]:
        folder = tmp_path / resident
        job = parse_train_job(train_arguments(artifacts, folder, epochs=1, resident=resident, augment={"flip": 0.5}))
        with as_before():
            assert run_training(job, Journal(None), choosing=choosing({"free": 2**20}), building=small) == 0
        return (folder / "out" / "last.pt").read_bytes(), capsys.readouterr().err

    held, said = trained("auto")
    read, silent = trained("never")

    assert held == read
    assert f"{IMAGES} stay on the device, and the 8.2 kB for validation too" in said
    assert "stay on the device" not in silent
