"""Augmentation: every view is a function of seed, epoch and image alone, and does what its parameter says."""

from pathlib import Path

import numpy as np
import pytest
import torch

from chexnet.accelerators.choose import choose
from chexnet.accelerators.protocol import Place
from chexnet.findings import FINDINGS
from chexnet.training.data import Radiographs, Sources, load_radiographs
from chexnet.training.inputs import Feed
from chexnet.training.loader import Reader
from chexnet.training.params import Input
from chexnet.training.plan import Plan
from chexnet.training.recipe import Augment
from chexnet.training.views import Viewing, cut
from chexnet.training.warp import blanked, toned, warp
from tests.rig import make_artifacts

STORED, CROP = 40, 32
EACH = {
    "flip": Augment(flip=0.5),
    "shift": Augment(shift=3),
    "resized crop": Augment(resized_crop=0.3),
    "rotation": Augment(rotate=15),
    "zoom": Augment(zoom=0.2),
    "brightness": Augment(brightness=0.3),
    "contrast": Augment(contrast=0.3),
    "cutout": Augment(cutout=0.4),
    "mixup": Augment(mixup=0.4),
    "all": Augment(0.5, 3, 0.3, 15, 0.2, 0.3, 0.3, 0.4, 0.4),
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Radiographs:
    artifacts = make_artifacts(tmp_path_factory.mktemp("views") / "artifacts", side=STORED)
    folder: Path = artifacts.images
    return load_radiographs(Sources(folder, artifacts.folds, artifacts.dataset), FINDINGS)


def seen_by(
    data: Radiographs, augment: Augment | None, *, ranks: int, passes: int, batch: int, epoch: int = 2
) -> dict[int, tuple[torch.Tensor, torch.Tensor]]:
    """By position: what the model sees of an image of the training fold in an epoch, and its labels."""
    accelerator = choose("cpu", Place(local_rank=0, local_size=1, threads=1)).accelerator
    feed = Feed(accelerator, Input(crop=CROP, normalize="xray"), "fp32")
    viewing = Viewing(stored=STORED, side=CROP, augment=augment, seed=5)
    reader = Reader(accelerator, data.pixels, data.fold("train"), viewing)
    plan = Plan(images=len(reader.fold), batch_size=batch, epochs=3, seed=5, last_batch="keep")
    seen = {}
    for positions in plan.batches(epoch):
        for rank in range(ranks):
            for share in plan.shares(positions, rank=rank, ranks=ranks, passes=passes):
                batch_of_share = reader.read_share(share, epoch, ranks)
                images, labels = feed.images(batch_of_share), feed.targets(batch_of_share).labels
                for index, position in enumerate(share.positions[: share.real].tolist()):
                    assert position not in seen
                    seen[position] = (images[index], labels[index])
    return seen


@pytest.mark.parametrize("name", EACH)
def test_an_image_looks_the_same_whatever_its_batch_rank_and_pass(data: Radiographs, name: str) -> None:
    alone = seen_by(data, EACH[name], ranks=1, passes=1, batch=1)

    assert sorted(alone) == list(range(24))
    for ranks, passes, batch in ((1, 1, 24), (1, 3, 9), (2, 1, 10), (3, 2, 18)):
        shared = seen_by(data, EACH[name], ranks=ranks, passes=passes, batch=batch)
        assert sorted(shared) == sorted(alone)
        for position, (image, labels) in alone.items():
            assert torch.equal(image, shared[position][0]), (ranks, passes, batch, position)
            assert torch.equal(labels, shared[position][1])


@pytest.mark.parametrize("name", EACH)
def test_every_augmentation_changes_images_and_changes_them_anew_in_every_epoch(data: Radiographs, name: str) -> None:
    first, second = (seen_by(data, EACH[name], ranks=1, passes=1, batch=24, epoch=epoch) for epoch in (1, 2))

    changed = sum(not torch.equal(first[at][0], second[at][0]) for at in first)

    # Half of the images are mirrored alike by chance.
    assert changed >= (6 if name == "flip" else 20)
    assert all(bool(image.isfinite().all()) for image, _ in first.values())


def test_without_turn_and_zoom_an_interpolated_view_is_the_cut_one() -> None:
    random = np.random.default_rng(0)
    pixels = torch.from_numpy(random.integers(0, 256, (6, STORED, STORED), dtype=np.uint8))
    # So little that it moves no value by a hundredth, and the way through interpolation is taken.
    viewing = Viewing(stored=STORED, side=CROP, augment=Augment(flip=0.5, zoom=1e-7), seed=0)
    views = viewing.of(np.arange(6), epoch=1)
    assert views is not None
    assert views.affine is not None

    interpolated = warp(pixels, views.affine, side=CROP, dtype=torch.float64)

    assert views.mirrored.tolist().count(True) in range(1, 6)
    torch.testing.assert_close(interpolated, cut(pixels, views).double(), atol=0.01, rtol=0)


def test_a_quarter_turn_is_a_quarter_turn() -> None:
    pixels = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (1, 8, 8), dtype=np.uint8))
    # x = -v, y = u.
    affine = torch.tensor([[0.0, -1.0, 0.0, 1.0, 0.0, 0.0]])

    turned = warp(pixels, affine, side=8, dtype=torch.float64)

    torch.testing.assert_close(turned, torch.rot90(pixels, 1, (1, 2)).double())


def test_resized_crops_have_the_area_and_aspect_asked_for_and_stay_inside() -> None:
    viewing = Viewing(stored=STORED, side=CROP, augment=Augment(resized_crop=0.3), seed=0)
    views = viewing.of(np.arange(4000), epoch=1)
    assert views is not None
    assert views.affine is not None
    across, x, down, y = (views.affine[:, column].numpy() for column in (0, 2, 4, 5))

    assert (np.abs(x) + across).max() <= 1 + 1e-12
    assert (np.abs(y) + down).max() <= 1 + 1e-12
    whole = (across < 1) & (down < 1)
    assert (across * down)[whole].min() >= 0.3
    assert (across * down).mean() == pytest.approx(0.63, abs=0.03)
    assert (across / down)[whole].min() >= 3 / 4 - 1e-12
    assert (across / down)[whole].max() <= 4 / 3 + 1e-12


def test_brightness_scales_contrast_spreads_about_the_mean_and_both_are_clipped() -> None:
    grey = torch.tensor([[[100.0, 200.0], [100.0, 200.0]]])

    assert toned(grey, torch.tensor([[1.2, 1.0]])).flatten().tolist() == pytest.approx([120, 240, 120, 240])
    assert toned(grey, torch.tensor([[1.0, 0.5]])).flatten().tolist() == pytest.approx([125, 175, 125, 175])
    assert toned(grey, torch.tensor([[2.0, 1.0]])).max() == 255


def test_a_hole_takes_the_mean_and_may_reach_over_the_border() -> None:
    grey = torch.arange(16.0).view(1, 4, 4)

    holed = blanked(grey, torch.tensor([[-1, 2]]), 2)

    assert (holed != grey).nonzero().tolist() == [[0, 0, 2], [0, 0, 3]]
    assert holed[0, 0, 2:].tolist() == [7.5, 7.5]


def test_mixed_images_carry_mixed_labels(data: Radiographs) -> None:
    plain = seen_by(data, Augment(), ranks=1, passes=1, batch=24)
    mixed = seen_by(data, Augment(mixup=0.4), ranks=1, passes=1, batch=24)
    images, labels = (torch.stack([pair[part] for pair in plain.values()]) for part in (0, 1))

    others = 0
    for image, label in mixed.values():
        # As a mixture of two of the images: find them by their labels and check the pixels.
        solution = torch.linalg.lstsq(images[:, 0].flatten(1).T.double(), image[0].flatten()[:, None].double()).solution
        weights = solution.flatten()
        assert float(weights.sum()) == pytest.approx(1, abs=1e-3)
        torch.testing.assert_close(weights @ labels.double(), label.double(), atol=1e-3, rtol=0)
        others += int((weights > 0.01).sum() == 2)
    assert others > 8


def test_ten_crops_are_corners_and_centre_and_their_mirror_images(data: Radiographs) -> None:
    accelerator = choose("cpu", Place(local_rank=0, local_size=1, threads=1)).accelerator
    feed = Feed(accelerator, Input(crop=CROP, normalize="xray"), "fp32")
    viewing = Viewing(stored=STORED, side=CROP, augment=None, seed=0, ten_crop=True)
    reader = Reader(accelerator, data.pixels, data.fold("train"), viewing)

    images = feed.images(reader.read(np.array([3, 7]), epoch=1))

    assert images.shape == (20, 3, CROP, CROP)
    stored = torch.from_numpy(np.array(data.pixels[data.fold("train").rows[7]])).float()
    far, middle = STORED - CROP, (STORED - CROP) // 2
    starts = ((0, 0), (0, far), (far, 0), (far, far), (middle, middle))
    five = torch.stack([stored[top : top + CROP, left : left + CROP] for top, left in starts])
    expected = (torch.cat([five, five.flip(2)]) / 255 - 0.5056) / 0.252
    torch.testing.assert_close(images[10:, 0], expected)


def test_labels_that_are_not_known_and_fillers_are_not_counted(data: Radiographs) -> None:
    accelerator = choose("cpu", Place(local_rank=0, local_size=1, threads=1)).accelerator
    fold = data.fold("train")
    present = np.random.default_rng(0).random(fold.labels.shape) < 0.8
    viewing = Viewing(stored=STORED, side=CROP, augment=None, seed=0)
    reader = Reader(accelerator, data.pixels, fold, viewing, present)
    plan = Plan(images=24, batch_size=9, epochs=1, seed=5, last_batch="keep")

    short = list(plan.batches(1))[-1]
    batches = [
        reader.read_share(share, 1, 3)
        for rank in range(3)
        for share in plan.shares(short, rank=rank, ranks=3, passes=1)
    ]

    assert len(short) == 6
    counted = [float(batch.counted.sum()) for batch in batches if batch.counted is not None]
    assert counted == [present[short[:3]].sum(), present[short[3:]].sum(), 0]
    assert [batch.per_rank for batch in batches] == [present[short].sum() / 3] * 3
