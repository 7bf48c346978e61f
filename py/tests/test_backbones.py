"""Every backbone has torchvision's names and sizes, takes weights by them, and is trained and used by its own head."""

import csv
from pathlib import Path

import numpy as np
import pytest
import torch

from chexnet.findings import FINDINGS
from chexnet.mistakes import UserError
from chexnet.runtime.journal import Journal
from chexnet.training.backbones import PUBLISHED, build_backbone, head_of
from chexnet.training.job import parse_predict_job, parse_train_job
from chexnet.training.network import set_prior
from chexnet.training.params import Backbone
from chexnet.training.predictor import load_trained, run_prediction
from chexnet.training.trainer import run_training
from chexnet.training.weights import load_weights, weights_file
from tests.densenet_names import BATCH_NORM, torchvision_names
from tests.rig import Artifacts, predict_arguments, train_arguments
from tests.test_training import as_before

BACKBONES: list[Backbone] = ["densenet121", "densenet169", "densenet201", "resnet50"]


def resnet50_names() -> list[str]:
    """The keys of torchvision.models.resnet50().state_dict(), in order."""

    def norm(name: str) -> list[str]:
        return [f"{name}.{part}" for part in BATCH_NORM]

    names = ["conv1.weight", *norm("bn1")]
    for layer, blocks in enumerate((3, 4, 6, 3), start=1):
        for block in range(blocks):
            prefix = f"layer{layer}.{block}"
            for number in (1, 2, 3):
                names += [f"{prefix}.conv{number}.weight", *norm(f"{prefix}.bn{number}")]
            if block == 0:
                names += [f"{prefix}.downsample.0.weight", *norm(f"{prefix}.downsample.1")]
    return [*names, "fc.weight", "fc.bias"]


# Parameters as torchvision's documentation counts them for 1,000 classes, less those of the classes that we lack.
@pytest.mark.parametrize(
    ("backbone", "names", "parameters"),
    [
        ("densenet121", torchvision_names(), 7_978_856 - 986 * 1025),
        ("densenet169", torchvision_names((6, 12, 32, 32)), 14_149_480 - 986 * 1665),
        ("densenet201", torchvision_names((6, 12, 48, 32)), 20_013_928 - 986 * 1921),
        ("resnet50", resnet50_names(), 25_557_032 - 986 * 2049),
    ],
)
def test_names_and_sizes_are_torchvisions(backbone: Backbone, names: list[str], parameters: int) -> None:
    with torch.device("meta"):
        model = build_backbone(backbone, 14)

    assert list(model.state_dict()) == names
    assert sum(weights.numel() for weights in model.parameters()) == parameters


def test_resnet50_has_its_strides_where_torchvision_has_them() -> None:
    with torch.device("meta"):
        state = build_backbone("resnet50", 14).state_dict()
        maps = build_backbone("resnet50", 14).eval()(torch.zeros(2, 3, 64, 96))

    assert maps.shape == (2, 14)
    assert state["layer1.0.downsample.0.weight"].shape == (256, 64, 1, 1)
    assert state["layer4.0.conv2.weight"].shape == (512, 512, 3, 3)
    assert state["fc.weight"].shape == (14, 2048)


def test_the_prior_is_set_at_the_head_whatever_its_name() -> None:
    model = build_backbone("resnet50", 14)
    labels = np.zeros((9, 14), dtype=np.float32)

    set_prior(model, labels)

    assert torch.sigmoid(head_of(model).bias.detach()).numpy() == pytest.approx(np.full(14, 0.05), abs=1e-6)


@pytest.mark.parametrize("prefix", ["", "module.", "module.resnet50."])
def test_weights_of_resnet50_are_recognised_in_published_layouts(tmp_path: Path, prefix: str) -> None:
    given = build_backbone("resnet50", 14).state_dict()
    head = "fc.0" if prefix.endswith("resnet50.") else "fc"
    named = {f"{prefix}{name.replace('fc', head)}": tensor for name, tensor in given.items()}
    torch.save({"state_dict": named}, tmp_path / "weights.pt")
    model = build_backbone("resnet50", 14)

    loaded = load_weights(model, tmp_path / "weights.pt", FINDINGS, backbone="resnet50")

    assert (loaded.head, loaded.layout) == ("kept", "chexnet" if head == "fc.0" else "state_dict")
    assert all(torch.equal(tensor, given[name]) for name, tensor in model.state_dict().items())


@pytest.mark.parametrize(
    ("has", "wants"), [("densenet169", "densenet121"), ("resnet50", "densenet201"), ("densenet121", "resnet50")]
)
def test_weights_of_another_backbone_are_refused_by_its_name(tmp_path: Path, has: Backbone, wants: Backbone) -> None:
    state = {f"module.{name}": tensor for name, tensor in build_backbone(has, 1000).state_dict().items()}
    torch.save(state, tmp_path / "weights.pt")

    with pytest.raises(UserError) as caught:
        load_weights(build_backbone(wants, 14), tmp_path / "weights.pt", FINDINGS, backbone=wants)

    title = {name: published.title for name, published in PUBLISHED.items()}
    assert caught.value.user_message == (
        f"{tmp_path / 'weights.pt'} holds weights of a {title[has]}, and backbone is {wants}."
    )
    assert caught.value.hint == f"Write backbone: {has}, or take weights of a {title[wants]}."


@pytest.mark.parametrize("backbone", BACKBONES)
def test_imagenet_means_the_file_of_the_backbone(
    backbone: Backbone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))

    with pytest.raises(UserError) as caught:
        weights_file("imagenet", backbone)

    assert caught.value.user_message == (
        f"There is no file {tmp_path / 'hub' / 'checkpoints' / PUBLISHED[backbone].imagenet}."
    )


def test_a_resnet50_is_trained_and_predicted_with_by_what_its_model_file_says(
    artifacts: Artifacts, tmp_path: Path
) -> None:
    arguments = train_arguments(artifacts, tmp_path, backbone="resnet50", epochs=2, freeze_epochs=1, batch_size=12)
    with as_before():
        assert run_training(parse_train_job(arguments), Journal(None)) == 0
        scoring = predict_arguments(artifacts, tmp_path / "out", tmp_path / "scored", folds=["test"])
        assert run_prediction(parse_predict_job(scoring), Journal(None)) == 0

    content = torch.load(tmp_path / "out" / "best.pt", weights_only=True)
    assert (content["backbone"], content["params"]["backbone"]) == ("resnet50", "resnet50")
    assert set(content["model"]) == set(resnet50_names())
    with open(tmp_path / "scored" / "out" / "predictions.csv", newline="") as file:
        rows = list(csv.reader(file))
    assert len(rows) == 1 + 8
    torch.save({**content, "backbone": "alexnet"}, tmp_path / "other.pt")
    with pytest.raises(UserError, match="of a backbone that this version does not know"):
        load_trained(tmp_path / "other.pt", FINDINGS)
