"""A training on a part of its fold: which images, what they decide, and that it is another training."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from chexnet.findings import FINDINGS
from chexnet.mistakes import UserError
from chexnet.training.data import Radiographs, Sources, load_radiographs
from chexnet.training.job import identity_of, parse_train_job, settings_of
from tests.rig import Artifacts, train_arguments
from tests.test_training import as_before, train_here


@pytest.fixture(scope="module")
def data(artifacts: Artifacts) -> Radiographs:
    return load_radiographs(Sources(artifacts.images, artifacts.folds, artifacts.dataset), FINDINGS)


def test_fewer_images_are_among_more_and_keep_their_order(data: Radiographs) -> None:
    whole = data.fold("train")
    few, more = (data.limited("train", images, seed=3).fold("train") for images in (6, 15))

    assert (len(few), len(more)) == (6, 15)
    assert set(few.images) < set(more.images) < set(whole.images)
    for part in (few, more):
        assert list(part.images) == [image for image in whole.images if image in part.images]
        assert np.array_equal(part.labels, whole.labels[np.isin(whole.rows, part.rows)])
        assert np.array_equal(part.places, whole.places[np.isin(whole.rows, part.rows)])


def test_another_seed_chooses_other_images_and_no_number_chooses_all(data: Radiographs) -> None:
    chosen = {data.limited("train", 8, seed=seed).fold("train").images for seed in range(5)}

    assert len(chosen) == 5
    assert data.limited("train", None, seed=3) is data
    assert data.limited("train", 24, seed=3).fold("train").images == data.fold("train").images


def test_more_images_than_there_are_is_a_mistake(data: Radiographs) -> None:
    with pytest.raises(UserError) as caught:
        data.limited("train", 25, seed=3)

    assert caught.value.user_message == "params.images is 25 and the fold train has 24 images."
    assert caught.value.hint == "Lower images, or leave it out to take all."


def test_images_that_are_passed_over_do_not_count_as_missing(data: Radiographs) -> None:
    lacking = replace(data, not_at_hand={"test": ("a.png", "b.png")})

    assert lacking.limited("train", 6, seed=3).remarks() == lacking.remarks()


def test_the_number_of_images_makes_another_training_and_where_they_stay_does_not(
    artifacts: Artifacts, tmp_path: Path, data: Radiographs
) -> None:
    def identity(**params: object) -> str:
        job = parse_train_job(train_arguments(artifacts, tmp_path, **params))
        return identity_of(job, data)

    assert identity(images=12) != identity()
    assert identity(compile=True) != identity()
    assert identity(backbone="densenet169") != identity()
    assert identity(sync_batch_norm=True) != identity()
    assert identity(resident="never") == identity()
    assert "resident" not in settings_of(parse_train_job(train_arguments(artifacts, tmp_path)).params)


def test_prior_and_positive_weights_are_of_the_images_that_are_used(
    artifacts: Artifacts, tmp_path: Path, data: Radiographs, capsys: pytest.CaptureFixture[str]
) -> None:
    still: dict[str, object] = {"epochs": 1, "optimizer": {"name": "sgd", "lr": 1e-12}, "checkpoint_steps": 100}
    with as_before():
        events = train_here(train_arguments(artifacts, tmp_path, images=6, **still), tmp_path)

    labels = data.limited("train", 6, seed=3).fold("train").labels
    prevalence = (labels.sum(0, dtype=np.float64) + 0.5) / (6 + 1)
    bias = torch.load(tmp_path / "out" / "last.pt", weights_only=True)["model"]["classifier.bias"]
    assert bias.numpy() == pytest.approx(np.log(prevalence / (1 - prevalence)), abs=1e-5)
    facts = events[-1]["facts"]
    assert isinstance(facts, dict)
    assert (facts["train_images"], facts["steps"]) == (6, 1)
    assert "6 of the 24 images of the fold train are used, chosen by seed 3" in capsys.readouterr().err
