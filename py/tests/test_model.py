"""DenseNet-121 has torchvision's names and shapes."""

from collections import OrderedDict

import numpy as np
import pytest
import torch

from chexnet.training.densenet import DenseNet
from chexnet.training.network import set_prior
from tests.densenet_names import torchvision_names


@pytest.fixture(scope="module")
def state() -> "OrderedDict[str, torch.Tensor]":
    torch.manual_seed(1)
    return OrderedDict(DenseNet(outputs=14).state_dict())


def test_the_parameters_have_torchvisions_names_in_its_order(state: "OrderedDict[str, torch.Tensor]") -> None:
    assert list(state) == torchvision_names()


def test_the_network_for_14_findings_has_6968206_parameters(state: "OrderedDict[str, torch.Tensor]") -> None:
    assert sum(weights.numel() for weights in DenseNet(outputs=14).parameters()) == 6_968_206
    assert state["features.conv0.weight"].shape == (64, 3, 7, 7)
    assert state["features.denseblock1.denselayer1.conv1.weight"].shape == (128, 64, 1, 1)
    assert state["features.denseblock4.denselayer16.conv2.weight"].shape == (32, 128, 3, 3)
    assert state["features.transition3.conv.weight"].shape == (512, 1024, 1, 1)
    assert state["classifier.weight"].shape == (14, 1024)


def test_it_halves_the_side_five_times() -> None:
    maps = DenseNet(outputs=14).eval().forward_features(torch.zeros(1, 3, 96, 64))

    assert maps.shape == (1, 1024, 3, 2)


def test_the_untrained_outputs_say_the_prevalence() -> None:
    labels = np.zeros((99, 14), dtype=np.float32)
    labels[:49, 0] = 1
    model = DenseNet(outputs=14)

    set_prior(model, labels)

    prevalence = torch.sigmoid(model.classifier.bias.detach())
    assert prevalence[0].item() == pytest.approx(0.495, abs=1e-6)
    assert prevalence[1].item() == pytest.approx(0.005, abs=1e-6)
