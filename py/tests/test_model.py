"""DenseNet-121 has torchvision's names and shapes, and takes weights from files by them."""

import re
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import torch

from chexnet.mistakes import UserError
from chexnet.training.densenet import DenseNet121
from chexnet.training.network import set_prior
from chexnet.training.weights import load_weights

BATCH_NORM = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")


def torchvision_names() -> list[str]:
    """The keys of torchvision.models.densenet121().state_dict(), in order."""
    names = ["features.conv0.weight", *(f"features.norm0.{part}" for part in BATCH_NORM)]
    for block, layers in enumerate((6, 12, 24, 16), start=1):
        for layer in range(1, layers + 1):
            prefix = f"features.denseblock{block}.denselayer{layer}"
            for number in (1, 2):
                names += [f"{prefix}.norm{number}.{part}" for part in BATCH_NORM]
                names.append(f"{prefix}.conv{number}.weight")
        if block < 4:
            names += [f"features.transition{block}.norm.{part}" for part in BATCH_NORM]
            names.append(f"features.transition{block}.conv.weight")
    return [*names, *(f"features.norm5.{part}" for part in BATCH_NORM), "classifier.weight", "classifier.bias"]


@pytest.fixture(scope="module")
def state() -> "OrderedDict[str, torch.Tensor]":
    torch.manual_seed(1)
    return OrderedDict(DenseNet121(outputs=14).state_dict())


def test_the_parameters_have_torchvisions_names_in_its_order(state: "OrderedDict[str, torch.Tensor]") -> None:
    assert list(state) == torchvision_names()


def test_the_network_for_14_findings_has_6968206_parameters(state: "OrderedDict[str, torch.Tensor]") -> None:
    assert sum(weights.numel() for weights in DenseNet121(outputs=14).parameters()) == 6_968_206
    assert state["features.conv0.weight"].shape == (64, 3, 7, 7)
    assert state["features.denseblock1.denselayer1.conv1.weight"].shape == (128, 64, 1, 1)
    assert state["features.denseblock4.denselayer16.conv2.weight"].shape == (32, 128, 3, 3)
    assert state["features.transition3.conv.weight"].shape == (512, 1024, 1, 1)
    assert state["classifier.weight"].shape == (14, 1024)


def test_it_halves_the_side_five_times() -> None:
    maps = DenseNet121(outputs=14).eval().forward_features(torch.zeros(1, 3, 96, 64))

    assert maps.shape == (1, 1024, 3, 2)


def test_the_untrained_outputs_say_the_prevalence() -> None:
    labels = np.zeros((99, 14), dtype=np.float32)
    labels[:49, 0] = 1
    model = DenseNet121(outputs=14)

    set_prior(model, labels)

    prevalence = torch.sigmoid(model.classifier.bias.detach())
    assert prevalence[0].item() == pytest.approx(0.495, abs=1e-6)
    assert prevalence[1].item() == pytest.approx(0.005, abs=1e-6)


def test_torchvisions_imagenet_file_of_2017_loads_without_its_classifier(
    state: "OrderedDict[str, torch.Tensor]", tmp_path: Path
) -> None:
    old = {
        re.sub(r"(norm|conv)([12])\.", r"\1.\2.", name): value for name, value in state.items() if "num_b" not in name
    }
    old["classifier.weight"], old["classifier.bias"] = torch.zeros(1000, 1024), torch.zeros(1000)
    assert "features.denseblock1.denselayer1.norm.1.weight" in old
    torch.save(old, tmp_path / "imagenet.pth")
    model = DenseNet121(outputs=14)
    head = model.classifier.weight.detach().clone()

    loaded = load_weights(model, tmp_path / "imagenet.pth")

    assert not loaded.head_kept
    assert torch.equal(model.classifier.weight, head)
    assert torch.equal(model.state_dict()["features.norm5.weight"], state["features.norm5.weight"])
    name = "features.denseblock2.denselayer7.conv2.weight"
    assert torch.equal(model.state_dict()[name], state[name])


def test_a_wrapped_checkpoint_with_14_outputs_brings_its_classifier(
    state: "OrderedDict[str, torch.Tensor]", tmp_path: Path
) -> None:
    published = {
        "module.densenet121." + name.replace("classifier.", "classifier.0."): value for name, value in state.items()
    }
    torch.save({"epoch": 3, "state_dict": published}, tmp_path / "chexnet.pth.tar")
    model = DenseNet121(outputs=14)

    assert load_weights(model, tmp_path / "chexnet.pth.tar").head_kept
    assert torch.equal(model.classifier.weight, state["classifier.weight"])


def test_every_mismatch_is_listed_and_nothing_is_loaded(
    state: "OrderedDict[str, torch.Tensor]", tmp_path: Path
) -> None:
    wrong = dict(state)
    del wrong["features.norm5.bias"]
    wrong["features.extra.weight"] = torch.zeros(1)
    wrong["features.conv0.weight"] = torch.zeros(64, 1, 7, 7)
    wrong["features.norm0.bias"] = torch.full((64,), float("nan"))
    path = tmp_path / "wrong.pt"
    torch.save(wrong, path)
    model = DenseNet121(outputs=14)
    before = model.state_dict()["features.conv0.weight"].clone()

    with pytest.raises(UserError) as caught:
        load_weights(model, path)

    assert caught.value.user_message == (
        f"{path} does not fit DenseNet-121 in 4 places: "
        "features.norm5.bias is missing; features.extra.weight is unknown; "
        "features.conv0.weight is (64, 1, 7, 7), not (64, 3, 7, 7); "
        "features.norm0.bias holds values that are not finite."
    )
    assert torch.equal(model.state_dict()["features.conv0.weight"], before)


def test_a_file_with_python_objects_is_refused_without_running_them(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    torch.save(DenseNet121(outputs=14), path)

    with pytest.raises(UserError, match="holds Python objects beside tensors"):
        load_weights(DenseNet121(outputs=14), path)


def test_a_file_that_is_no_weights_is_told(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    path.write_bytes(b"\x89PNG\r\n")

    with pytest.raises(UserError, match=r"model\.pt"):
        load_weights(DenseNet121(outputs=14), path)
