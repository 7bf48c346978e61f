"""What training computes about itself."""

import math

import numpy as np
import pytest
import torch

from chexnet.mistakes import UserError
from chexnet.training.averages import mean_statistics
from chexnet.training.history import Spent, Validation, metrics_of
from chexnet.training.metrics import auroc_per_class, macro, mean_bce
from chexnet.training.params import parse_train_params
from chexnet.training.progress import Best, judge
from chexnet.training.recipe import Schedule
from chexnet.training.schedule import Rates


def test_auroc_counts_ties_half_and_says_what_is_undefined() -> None:
    scores = np.array([[0.1, 5, 1], [0.4, 5, 2], [0.4, 5, 3], [0.8, 5, 4]])
    labels = np.array([[0, 1, 0], [1, 0, 0], [0, 0, 0], [1, 1, 0]], dtype=np.float32)

    values = auroc_per_class(scores, labels)

    assert values == [0.875, 0.5, None]
    assert macro(values) == (0.6875, 2)
    assert macro([None, None]) == (None, 0)


def test_the_validation_loss_is_exact_for_extreme_logits() -> None:
    loss = mean_bce(np.array([[800.0, -800.0]]), np.array([[1.0, 1.0]]))

    assert loss == 400.0


def test_the_learning_rate_rises_then_falls_to_nothing() -> None:
    cosine = Schedule(name="cosine", warmup=0.15)
    rates = [Rates(cosine, peak=1e-3, steps=39, steps_per_epoch=13).of(step) for step in range(1, 40)]

    assert rates[0] == pytest.approx(1e-3 / 6)
    assert max(rates) == rates[5] == 1e-3
    assert rates[-1] < 1e-5
    assert Rates(Schedule(), peak=0.1, steps=39, steps_per_epoch=13).of(7) == 0.1


def test_the_best_epoch_is_the_earlier_of_equals() -> None:
    first = Best(epoch=1, step=10, measure="val_auroc_macro", value=0.8)

    assert judge(None, first)
    assert not judge(first, Best(epoch=2, step=20, measure="val_auroc_macro", value=0.8))
    assert judge(first, Best(epoch=2, step=20, measure="val_auroc_macro", value=0.81))
    assert not judge(first, Best(epoch=2, step=20, measure="none", value=None))
    by_loss = Best(epoch=1, step=10, measure="val_loss", value=0.5)
    assert judge(by_loss, Best(epoch=2, step=20, measure="val_loss", value=0.4))


def test_statistics_are_averaged_over_ranks_and_counts_stay_whole() -> None:
    ranks = [{"mean": torch.tensor([value]), "count": torch.tensor(4)} for value in (1.0, 2.0, 6.0)]

    averaged = mean_statistics(ranks)

    assert averaged["mean"].tolist() == [3.0]
    assert averaged["count"].dtype == torch.int64
    assert averaged["count"].item() == 4


def test_percentiles_and_rates_of_an_epoch() -> None:
    spent = Spent(
        losses=[1.0, 3.0],
        seconds=[0.1, 0.3],
        waited=0.04,
        wall_seconds=0.5,
        images=16,
        peak_memory_bytes=None,
    )

    metrics = metrics_of(spent, Validation(loss=0.5, auroc=None, defined=0), learning_rate=0.1, is_best=True)

    assert (metrics.train_loss, metrics.images_per_second, metrics.loader_stall_share) == (2.0, 40.0, 0.1)
    assert (metrics.step_ms_p50, metrics.step_ms_p95, metrics.step_ms_max) == (100.0, 300.0, 300.0)


@pytest.mark.parametrize("rate", [math.nan, math.inf, 10**309])
def test_what_is_no_finite_number_is_no_parameter(rate: float) -> None:
    values = {"epochs": 1, "batch_size": 1, "input": {"crop": 32}, "optimizer": {"name": "sgd", "lr": rate}}

    with pytest.raises(UserError, match=rf"params\.optimizer\.lr is {rate}; it must be a number from 0"):
        parse_train_params(values)
