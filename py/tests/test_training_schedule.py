"""Learning rates beside those of torch, and the plateau from epoch to epoch."""

import pytest
import torch
from torch.optim.lr_scheduler import OneCycleLR, ReduceLROnPlateau

from chexnet.training.recipe import Schedule
from chexnet.training.schedule import Plateau, Rates, after_epoch


def sgd(rate: float) -> torch.optim.Optimizer:
    return torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=rate)


def test_one_cycle_is_that_of_torch() -> None:
    schedule = Schedule(name="one-cycle", warmup=0.3, start=0.04, end=4e-6)
    rates = Rates(schedule, peak=0.1, steps=50, steps_per_epoch=10)
    optimizer = sgd(0.1)
    theirs = OneCycleLR(optimizer, max_lr=0.1, total_steps=50, pct_start=0.3, cycle_momentum=False)

    for step in range(1, 51):
        assert rates.of(step) == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-12), step
        optimizer.step()
        if step < 50:
            theirs.step()


def test_step_falls_by_its_factor_every_so_many_epochs() -> None:
    rates = Rates(Schedule(name="step", every_epochs=2, factor=0.1), peak=1.0, steps=30, steps_per_epoch=5)

    assert [rates.of(step) for step in (1, 10, 11, 20, 21)] == pytest.approx([1, 1, 0.1, 0.1, 0.01])


@pytest.mark.parametrize(("patience", "threshold"), [(0, 0.0), (2, 1e-4), (1, 0.05)])
def test_plateau_reduces_when_torchs_does(patience: int, threshold: float) -> None:
    losses = [1.0, 0.9, 0.91, 0.899, 0.8995, 0.9, 0.86, 0.87, 0.88, 0.89, 0.8, 0.81, 0.82, 0.83, 0.84]
    schedule = Schedule(name="plateau", factor=0.1, patience_epochs=patience, threshold=threshold)
    optimizer, plateau = sgd(1.0), Plateau()
    theirs = ReduceLROnPlateau(optimizer, factor=0.1, patience=patience, threshold=threshold, eps=0)

    for loss in losses:
        theirs.step(loss)
        plateau = after_epoch(plateau, schedule, loss)
        assert plateau.reduction == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-12)
    assert plateau.reduction < 1


def test_plateau_on_auroc_waits_for_higher_values_and_an_undefined_one_is_no_better() -> None:
    schedule = Schedule(name="plateau", metric="val_auroc_macro", factor=0.5, patience_epochs=0)
    plateau = Plateau()

    for value in (0.7, 0.8, None, 0.8, 0.81):
        plateau = after_epoch(plateau, schedule, value)

    assert plateau == Plateau(best=0.81, epochs_since=0, reduction=0.25)


def test_other_schedules_keep_no_state() -> None:
    assert after_epoch(Plateau(), Schedule(name="cosine"), 0.5) == Plateau()
