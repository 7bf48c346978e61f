"""What parts of a recipe do to a model: the bias of the outputs, the frozen part, the choice of the best epoch."""

from pathlib import Path

import pytest
import torch

from chexnet.mistakes import UserError
from chexnet.runtime.journal import Journal
from chexnet.training.densenet import DenseNet
from chexnet.training.job import parse_train_job
from chexnet.training.params import parse_train_params
from chexnet.training.progress import candidate_of
from chexnet.training.trainer import run_training
from tests.rig import Artifacts, train_arguments
from tests.test_training import as_before


def trained(artifacts: Artifacts, folder: Path, **params: object) -> dict[str, torch.Tensor]:
    """The last model of a training in this process."""
    with as_before():
        assert run_training(parse_train_job(train_arguments(artifacts, folder, **params)), Journal(None)) == 0
    model: dict[str, torch.Tensor] = torch.load(folder / "out" / "last.pt", weights_only=True)["model"]
    return model


def test_while_the_head_alone_learns_nothing_else_moves(artifacts: Artifacts, tmp_path: Path) -> None:
    torch.manual_seed(3)
    begun = DenseNet(outputs=14).state_dict()

    model = trained(artifacts, tmp_path, epochs=1, freeze_epochs=1, prior_bias=False)

    assert model.keys() == begun.keys()
    moved = {name for name, tensor in model.items() if not torch.equal(tensor, begun[name])}
    assert moved == {"classifier.weight", "classifier.bias"}


def test_new_outputs_begin_at_the_prevalence_unless_they_must_not(artifacts: Artifacts, tmp_path: Path) -> None:
    still: dict[str, object] = {"epochs": 1, "optimizer": {"name": "sgd", "lr": 1e-12}, "checkpoint_steps": 100}

    biased = trained(artifacts, tmp_path / "biased", **still)["classifier.bias"]
    plain = trained(artifacts, tmp_path / "plain", **still, prior_bias=False)["classifier.bias"]

    assert float(biased.max()) < -0.1
    assert float(plain.abs().max()) < 1e-9


def test_the_best_epoch_is_chosen_by_what_is_asked_for() -> None:
    by_auroc = candidate_of(1, 10, 0.8, 0.5, by="val_auroc_macro")
    by_loss = candidate_of(1, 10, 0.8, 0.5, by="val_loss")
    undefined = candidate_of(1, 10, None, 0.5, by="val_auroc_macro")
    last = candidate_of(1, 10, 0.8, 0.5, by="last")

    assert (by_auroc.measure, by_auroc.value) == ("val_auroc_macro", 0.8)
    assert (by_loss.measure, by_loss.value) == ("val_loss", 0.5)
    assert (undefined.measure, undefined.value) == ("val_loss", 0.5)
    assert (last.measure, last.value) == ("none", None)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"accumulate": 4}, "params.batch_size is 6, which 1 ranks cannot share evenly in 4 passes."),
        ({"ten_crop": True}, "params.ten_crop is for loss.name sigmoid-cross-entropy and augment none."),
        ({"best_by": "last", "early_stopping_epochs": 1}, "params.early_stopping_epochs needs a metric"),
        ({"loss": {"name": "focal", "margin": 0.1}}, "params.loss has no field margin."),
        ({"schedule": {"name": "step"}}, "params.schedule.every_epochs is missing."),
        ({"loss": {"name": "bce", "positive_weight": "much"}}, "params.loss.positive_weight is 'much'"),
    ],
)
def test_a_recipe_that_contradicts_itself_is_told(params: dict[str, object], message: str) -> None:
    values = {"epochs": 1, "batch_size": 6, "input": {"crop": 32}, "optimizer": {"name": "sgd", "lr": 0.1}}

    with pytest.raises(UserError) as caught:
        parse_train_params({**values, **params})

    assert caught.value.user_message.startswith(message)


def test_none_and_prevalence_are_words_for_the_weight_of_positive_labels() -> None:
    values = {"epochs": 1, "batch_size": 6, "input": {"crop": 32}, "optimizer": {"name": "sgd", "lr": 0.1}}
    weights = [
        parse_train_params({**values, "loss": {"name": "bce", "positive_weight": weight}}).loss.positive_weight
        for weight in (None, "none", "prevalence", 2)
    ]

    assert weights == [None, None, "prevalence", 2.0]
