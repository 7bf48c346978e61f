"""Pixels and labels come from the artifacts as they are; what contradicts is told; order and views are functions."""

import shutil
import threading
from pathlib import Path

import numpy as np
import pytest
import torch

from chexnet.findings import FINDINGS
from chexnet.mistakes import UserError
from chexnet.training.data import Radiographs, Sources, load_radiographs
from chexnet.training.inputs import model_input
from chexnet.training.plan import Plan
from chexnet.training.recipe import Augment
from chexnet.training.sampling import Draws, draw_integers, draw_uniform, epoch_order, rank_slice
from chexnet.training.scoring import score_all
from chexnet.training.views import Viewing, cut, cut_centre
from tests.rig import Artifacts, make_artifacts


@pytest.fixture
def sources(tmp_path: Path) -> Sources:
    """Artifacts that a test may spoil."""
    made = make_artifacts(tmp_path / "own", count=10)
    return Sources(images=made.images, folds=made.folds, dataset=made.dataset)


def replace_in(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def load(sources: Sources) -> Radiographs:
    return load_radiographs(sources, FINDINGS)


def test_folds_and_labels_come_in_the_order_of_the_metadata(artifacts: Artifacts) -> None:
    data = load(Sources(images=artifacts.images, folds=artifacts.folds, dataset=artifacts.dataset))

    assert {name: len(fold) for name, fold in data.folds.items()} == {"train": 24, "val": 8, "test": 8}
    assert data.fold("val").images[0] == "00000024_000.png"
    assert data.fold("val").rows.tolist() == list(range(24, 32))
    lines = (artifacts.dataset / "metadata.csv").read_text().splitlines()[1:]
    for place, labels in zip(data.fold("test").places, data.fold("test").labels, strict=True):
        found = [name for name, here in zip(FINDINGS, labels, strict=True) if here]
        assert "|".join(found) == lines[place].rsplit(",", 1)[1]
    # Mapped, not read.
    assert isinstance(data.pixels, np.memmap)


def test_a_quarantined_image_is_left_out_and_counted(sources: Sources) -> None:
    pixels = np.load(sources.images / "images.npy")
    np.save(sources.images / "images.npy", pixels[:9])
    replace_in(sources.images / "index.csv", "9,00000009_000.png,0,1,32,32,L,100\n", "")
    with open(sources.images / "quarantine.csv", "a") as file:
        file.write("00000009_000.png,truncated\n")

    data = load(sources)

    assert data.left_out == ("00000009_000.png",)
    assert len(data.fold("test")) == 1


def test_an_image_without_pixels_and_without_a_reason_is_a_mistake(sources: Sources) -> None:
    np.save(sources.images / "images.npy", np.load(sources.images / "images.npy")[:9])
    replace_in(sources.images / "index.csv", "9,00000009_000.png,0,1,32,32,L,100\n", "")

    with pytest.raises(UserError, match=r"holds no pixels for 00000009_000\.png, which are in the fold test"):
        load(sources)


def test_images_that_are_not_at_hand_are_left_out_and_counted(sources: Sources) -> None:
    with open(sources.folds / "folds.csv", "a") as file:
        file.write("00000777_000.png,777,train\n00000778_000.png,778,test\n00000779_000.png,779,test\n")

    data = load(sources)

    assert {name: len(fold) for name, fold in data.folds.items()} == {"train": 6, "val": 2, "test": 2}
    assert data.not_at_hand == {"train": ("00000777_000.png",), "test": ("00000778_000.png", "00000779_000.png")}
    assert data.remarks() == ["3 of 13 images of folds.csv are not at hand and are left out (1 of train, 2 of test)"]


def test_nothing_is_remarked_when_all_images_are_there(sources: Sources) -> None:
    assert load(sources).remarks() == []


def test_a_fold_of_which_no_image_is_at_hand_is_a_mistake(sources: Sources) -> None:
    path = sources.folds / "folds.csv"
    path.write_text(path.read_text().replace(",val", ",test") + "00000777_000.png,777,val\n")

    data = load(sources)

    assert len(data.fold("test")) == 4
    for ask in (data.fold, data.optional_fold):
        with pytest.raises(UserError, match=r"The fold val has no image: the 1 in folds\.csv are not at hand"):
            ask("val")


def test_folds_of_another_data_set_are_a_mistake(sources: Sources) -> None:
    path = sources.folds / "folds.csv"
    path.write_text(path.read_text().replace("0000000", "1000000"))

    with pytest.raises(UserError, match=r"None of the 10 images of .*folds\.csv is in metadata\.csv"):
        load(sources)


def test_an_unknown_finding_is_told_with_its_line(sources: Sources) -> None:
    path = sources.dataset / "metadata.csv"
    path.write_text(path.read_text().rstrip("\n").rsplit(",", 1)[0] + ",Herniated\n")

    with pytest.raises(UserError, match=r"metadata\.csv:11: Herniated is no finding of this job"):
        load(sources)


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("folds/folds.csv", "00000003_000.png", "00000002_000.png", r"folds\.csv:5: 00000002_000\.png is there twice"),
        ("folds/folds.csv", ",fold", ",set", r"folds\.csv:1: there is no column fold"),
        ("images/index.csv", "3,00000003", "7,00000003", r"index\.csv:5: row 7 where 3 was expected"),
        (
            "images/index.csv",
            "00000003_000.png,0,1",
            "00000003_000.png,0",
            r"index\.csv:5: 7 cells where the header has 8",
        ),
    ],
)
def test_a_table_that_contradicts_is_told_with_its_place(
    sources: Sources, file: str, old: str, new: str, message: str
) -> None:
    replace_in(sources.images.parent / file, old, new)

    with pytest.raises(UserError, match=message):
        load(sources)


def test_pixels_of_another_kind_or_number_are_refused(sources: Sources) -> None:
    path = sources.images / "images.npy"
    pixels = np.load(path)
    np.save(path, pixels[:5])
    with pytest.raises(UserError, match=r"holds 5 images and its index\.csv 10"):
        load(sources)
    np.save(path, pixels.astype(np.float32))
    with pytest.raises(UserError, match=r"is float32 \(10, 32, 32\), not uint8"):
        load(sources)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(UserError, match=r"images\.npy cannot be read as an array"):
        load(sources)
    shutil.rmtree(sources.images)
    with pytest.raises(UserError, match=r"There is no file .*index\.csv"):
        load(sources)


def test_an_empty_fold_is_told_when_it_is_asked_for(sources: Sources) -> None:
    path = sources.folds / "folds.csv"
    path.write_text(path.read_text().replace(",val", ",test"))

    assert load(sources).optional_fold("val") is None
    with pytest.raises(UserError, match="The fold val has no image"):
        load(sources).fold("val")


def test_every_epoch_has_an_order_of_its_own_that_never_changes() -> None:
    # These numbers are part of what makes an old training repeatable.
    assert epoch_order(8, seed=0, epoch=1).tolist() == [2, 0, 3, 1, 7, 6, 5, 4]
    assert sorted(epoch_order(1000, seed=5, epoch=2).tolist()) == list(range(1000))
    assert epoch_order(1000, seed=5, epoch=2).tolist() != epoch_order(1000, seed=5, epoch=3).tolist()
    assert epoch_order(1000, seed=5, epoch=2).tolist() != epoch_order(1000, seed=6, epoch=2).tolist()


def test_draws_are_uniform_and_depend_on_each_image_alone() -> None:
    items = np.arange(20_000, dtype=np.int64)
    uniform = draw_uniform(items, purpose=2, seed=1, epoch=1)
    whole = draw_integers(items, -3, 3, purpose=3, seed=1, epoch=1)

    assert abs(uniform.mean() - 0.5) < 0.01
    assert np.histogram(uniform, bins=10, range=(0, 1))[0].min() > 1_800
    assert set(whole.tolist()) == {-3, -2, -1, 0, 1, 2, 3}
    assert np.bincount(whole + 3).min() > 2_600
    assert draw_uniform(items[77:78], purpose=2, seed=1, epoch=1)[0] == uniform[77]
    at_once = Draws(items, seed=1, epoch=1)
    assert np.array_equal(at_once.uniform(2), uniform)
    assert np.array_equal(at_once.integers(-3, 3, 3), whole)


def test_the_ranks_shares_of_a_batch_make_the_batch() -> None:
    plan = Plan(images=20, batch_size=6, epochs=2, seed=0)
    batches = list(plan.batches(1))

    assert (plan.steps_per_epoch, plan.steps, len(batches)) == (3, 6, 3)
    assert (
        np.concatenate([rank_slice(batches[0], rank=rank, ranks=3) for rank in range(3)]).tolist()
        == batches[0].tolist()
    )
    assert plan.batch(2).tolist() == batches[1].tolist()
    assert plan.batch(4).tolist() == next(plan.batches(2)).tolist()
    assert next(plan.batches(1, skip=2)).tolist() == batches[2].tolist()


def test_a_view_is_a_square_of_the_image_mirrored_or_shifted_over_its_border() -> None:
    pixels = torch.arange(2 * 8 * 8, dtype=torch.uint8).view(2, 8, 8)
    viewing = Viewing(stored=8, side=6, augment=Augment(flip=0.5, shift=3), seed=4)
    rows = np.array([5, 9], dtype=np.int64)
    views = viewing.of(rows, epoch=1)
    assert views is not None

    seen = cut(pixels, views)

    for image in range(2):
        top, left = int(views.top[image]), int(views.left[image])
        down = np.clip(np.arange(top, top + 6), 0, 7)
        across = np.clip(np.arange(left, left + 6), 0, 7)
        expected = pixels[image].numpy()[np.ix_(down, across)]
        if views.mirrored[image]:
            expected = expected[:, ::-1]
        assert np.array_equal(seen[image].numpy(), expected)
    again = viewing.of(rows, epoch=1)
    assert again is not None
    assert torch.equal(again.top, views.top)


def test_without_augmentation_the_centre_is_seen() -> None:
    assert Viewing(stored=8, side=6, augment=None, seed=0).of(np.arange(3), epoch=1) is None
    assert torch.equal(cut_centre(torch.arange(64).view(1, 8, 8), 4), torch.arange(64).view(1, 8, 8)[:, 2:6, 2:6])


def test_grey_values_are_scaled_into_three_equal_channels() -> None:
    pixels = torch.randint(0, 256, (2, 8, 8), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    pixels[1] = 7
    own = model_input(pixels, "per-image", dtype=torch.float64, channels_last=True)
    imagenet = model_input(pixels, "imagenet", dtype=torch.float64, channels_last=False)
    xray = model_input(pixels, "xray", dtype=torch.float64, channels_last=False)

    assert own.shape == (2, 3, 8, 8)
    assert own.is_contiguous(memory_format=torch.channels_last)
    assert own[0].mean().item() == pytest.approx(0, abs=1e-12)
    assert own[0, 0].std().item() == pytest.approx(1)
    # One grey has no spread, and makes no NaN.
    assert torch.equal(own[1], torch.zeros(3, 8, 8, dtype=torch.float64))
    assert imagenet[0, 2, 0, 0].item() == pytest.approx((pixels[0, 0, 0].item() / 255 - 0.406) / 0.225)
    assert xray[0, 1, 0, 0].item() == pytest.approx((pixels[0, 0, 0].item() / 255 - 0.5056) / 0.252)


class Together:
    """Ranks as threads: what World.gather does, without processes."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.parts: list[torch.Tensor] = [torch.empty(0)] * size
        self.barrier = threading.Barrier(size)


class Rank:
    def __init__(self, together: Together, rank: int) -> None:
        self.together, self.rank, self.size = together, rank, together.size

    def gather(self, tensor: torch.Tensor) -> torch.Tensor:
        self.together.parts[self.rank] = tensor
        self.together.barrier.wait(timeout=10)
        stacked = torch.stack(self.together.parts)
        self.together.barrier.wait(timeout=10)
        return stacked


@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize("count", [1, 4, 5, 23])
def test_every_image_is_scored_once_in_batches_that_do_not_depend_on_the_ranks(size: int, count: int) -> None:
    together = Together(size)
    batches: list[list[int]] = []
    results: dict[int, list[float]] = {}

    def model(positions: "np.typing.NDArray[np.int64]") -> torch.Tensor:
        batches.append(positions.tolist())
        return torch.from_numpy(positions).to(torch.float32)[:, None] * 2

    def work(rank: int) -> None:
        logits = score_all(model, count=count, batch_size=4, outputs=1, world=Rank(together, rank))
        results[rank] = logits[:, 0].tolist()

    threads = [threading.Thread(target=work, args=(rank,)) for rank in range(size)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert results == {rank: [2.0 * at for at in range(count)] for rank in range(size)}
    whole = [[min(at, count - 1) for at in range(first, first + 4)] for first in range(0, count, 4)]
    assert sorted(batches) == whole
