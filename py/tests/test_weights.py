"""Weights load by name from every layout in which DenseNet-121 is published, and from our own files."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from chexnet.findings import FINDINGS
from chexnet.mistakes import UserError
from chexnet.training.backbones import PUBLISHED
from chexnet.training.densenet import DenseNet
from chexnet.training.weights import Loaded, load_weights, weights_file
from tests.densenet_names import names_of_2017, torchvision_names

Tensors = dict[str, torch.Tensor]


@dataclass(frozen=True, slots=True)
class Given:
    """Random weights by torchvision's names, and what the network computes with them."""

    tensors: Tensors
    images: torch.Tensor
    logits: torch.Tensor

    def renamed(self, prefix: str, classifier: str = "classifier.") -> Tensors:
        return {prefix + re.sub(r"^classifier\.", classifier, name): tensor for name, tensor in self.tensors.items()}


@pytest.fixture(scope="module")
def given() -> Given:
    torch.manual_seed(1)
    model = DenseNet(outputs=14)
    for name, buffer in model.named_buffers():
        if "running" in name:
            buffer.copy_(torch.rand(buffer.shape) + 0.5)
    images = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        logits = model.eval()(images)
    tensors = {name: model.state_dict()[name] for name in torchvision_names()}
    return Given(tensors=tensors, images=images, logits=logits)


def load(content: object, folder: Path, given: Given, *, name: str = "weights.pt", zipped: bool = True) -> Loaded:
    """Save the content, load it into another network, and compare what that computes."""
    torch.save(content, folder / name, _use_new_zipfile_serialization=zipped)
    torch.manual_seed(2)
    model = DenseNet(outputs=14)
    loaded = load_weights(model, folder / name, FINDINGS)
    with torch.no_grad():
        logits = model.eval()(given.images)
    if loaded.head == "kept":
        assert torch.equal(logits, given.logits)
    else:
        same = model.state_dict()
        assert all(
            torch.equal(same[name], tensor) for name, tensor in given.tensors.items() if "classifier" not in name
        )
    return loaded


def refusal(path: Path) -> UserError:
    """What is said of a file, whose content must leave the network as it was."""
    model = DenseNet(outputs=14)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with pytest.raises(UserError) as caught:
        load_weights(model, path, FINDINGS)
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())
    return caught.value


@pytest.mark.parametrize(
    ("prefix", "classifier", "layout"),
    [
        ("", "classifier.", "state_dict"),
        ("module.", "classifier.", "state_dict"),
        ("_orig_mod.", "classifier.", "state_dict"),
        ("module.densenet121.", "classifier.0.", "chexnet"),
        ("densenet121.", "classifier.0.", "chexnet"),
        ("densenet121.", "classifier.", "chexnet"),
        ("module.", "classifier.0.", "chexnet"),
        ("", "classifier.0.", "chexnet"),
        ("model.backbone.", "classifier.1.", "chexnet"),
    ],
)
def test_the_tensors_of_every_published_naming_load_and_compute_the_same(
    prefix: str, classifier: str, layout: str, given: Given, tmp_path: Path
) -> None:
    loaded = load(given.renamed(prefix, classifier), tmp_path, given)

    assert (loaded.layout, loaded.tensors, loaded.head) == (layout, len(torchvision_names()), "kept")
    assert "they do not name their 14 classes: CheXNet's order is taken for granted" in loaded.remarks


def test_the_published_chexnet_checkpoint_loads_as_it_was_saved_in_2017(given: Given, tmp_path: Path) -> None:
    """No zip, names of torch 0.3, no counts of batches, and NumPy's number as the best score."""
    state = {
        names_of_2017(name): tensor for name, tensor in given.renamed("module.densenet121.", "classifier.0.").items()
    }
    state = {name: tensor for name, tensor in state.items() if "num_batches" not in name}
    assert "module.densenet121.features.denseblock1.denselayer1.norm.1.weight" in state
    assert "module.densenet121.classifier.0.weight" in state
    assert len(state) == 606
    optimizer = torch.optim.Adam([nn.Parameter(torch.zeros(2))]).state_dict()
    content = {
        "epoch": 11,
        "arch": "DenseNet121",
        "state_dict": state,
        "best_auroc": np.float64(0.84),
        "best_loss": np.float32(0.15),
        "optimizer": optimizer,
    }

    loaded = load(content, tmp_path, given, name="model.pth.tar", zipped=False)

    assert (loaded.layout, loaded.tensors, loaded.head) == ("chexnet", 606, "kept")


def test_torchvisions_imagenet_file_loads_without_its_thousand_outputs(given: Given, tmp_path: Path) -> None:
    for rename in (names_of_2017, str):
        content = {rename(name): tensor for name, tensor in given.tensors.items()}
        content |= {"classifier.weight": torch.zeros(1000, 1024), "classifier.bias": torch.zeros(1000)}

        loaded = load(content, tmp_path, given)

        assert (loaded.layout, loaded.tensors, loaded.head) == ("state_dict", len(torchvision_names()) - 2, "new")
        assert "their classifier has 1000 outputs, not 14: it starts anew" in loaded.remarks


def test_a_network_without_a_classifier_gets_one(given: Given, tmp_path: Path) -> None:
    content = {name: tensor for name, tensor in given.tensors.items() if "classifier" not in name}

    loaded = load({"model_state_dict": content}, tmp_path, given)

    assert loaded.head == "new"
    assert "they have no classifier: it starts anew" in loaded.remarks


def test_classes_in_another_order_are_moved_to_ours(given: Given, tmp_path: Path) -> None:
    alphabetic = sorted(name.replace("_", " ").lower() for name in FINDINGS)
    order = [[name.lower() for name in FINDINGS].index(name.replace(" ", "_")) for name in alphabetic]
    state = {**given.tensors}
    for name in ("classifier.weight", "classifier.bias"):
        state[name] = given.tensors[name][order]
    torch.save({"state_dict": state, "class_names": alphabetic}, tmp_path / "weights.pt")
    model = DenseNet(outputs=14)

    loaded = load_weights(model, tmp_path / "weights.pt", FINDINGS)

    assert loaded.head == "reordered"
    assert any(
        "in another order (atelectasis, cardiomegaly, consolidation, edema and 10 more)" in remark
        for remark in loaded.remarks
    )
    with torch.no_grad():
        assert torch.equal(model.eval()(given.images), given.logits)


def test_a_classifier_of_as_many_other_classes_is_left_out(given: Given, tmp_path: Path) -> None:
    classes = [*FINDINGS[:13], "Fracture"]

    loaded = load({"state_dict": given.tensors, "classes": classes}, tmp_path, given)

    assert loaded.head == "new"
    assert "their classifier is of other classes (Fracture): it starts anew" in loaded.remarks


def test_tensors_beside_the_network_are_passed_over_and_named(given: Given, tmp_path: Path) -> None:
    state = {**given.renamed("model."), "criterion.pos_weight": torch.ones(14)}

    loaded = load({"state_dict": state}, tmp_path, given)

    assert loaded.head == "kept"
    assert loaded.remarks[-1] == "passed over, since it is not of the network: criterion.pos_weight"


def test_what_does_not_fit_is_counted_and_named_and_nothing_is_loaded(given: Given, tmp_path: Path) -> None:
    wrong = {name: tensor for name, tensor in given.tensors.items() if "denseblock4" not in name}
    wrong["features.extra.weight"] = torch.zeros(1)
    wrong["features.conv0.weight"] = torch.zeros(64, 1, 7, 7)
    wrong["features.norm0.bias"] = torch.full((64,), float("nan"))
    wrong["features.norm0.weight"] = torch.zeros(64, dtype=torch.int64)
    path = tmp_path / "wrong.pt"
    torch.save(wrong, path)

    assert refusal(path).user_message == (
        f"{path} does not fit DenseNet-121: 160 missing (features.denseblock4.denselayer1.norm1.weight, "
        "features.denseblock4.denselayer1.norm1.bias, features.denseblock4.denselayer1.norm1.running_mean, "
        "features.denseblock4.denselayer1.norm1.running_var and 156 more); 1 unknown (features.extra.weight); "
        "1 of another shape (features.conv0.weight is (64, 1, 7, 7), not (64, 3, 7, 7)); "
        "1 of another type (features.norm0.weight); 1 not finite (features.norm0.bias)."
    )


@pytest.mark.parametrize(
    "odd",
    [
        torch.zeros(14, 1024).to_sparse(),
        torch.zeros(14, 1024, dtype=torch.complex64),
        torch.zeros(14, 1024, dtype=torch.int64),
    ],
)
def test_a_classifier_that_is_no_plain_tensor_does_not_fit(odd: torch.Tensor, given: Given, tmp_path: Path) -> None:
    content = {"state_dict": {**given.tensors, "classifier.weight": odd}, "classes": sorted(FINDINGS)}
    torch.save(content, tmp_path / "weights.pt")

    assert "does not fit DenseNet-121: 1 of another type (classifier.weight)" in str(refusal(tmp_path / "weights.pt"))


def test_what_is_called_a_checkpoint_of_ours_and_is_none_holds_nothing(tmp_path: Path) -> None:
    statistics = [{"norm": torch.zeros(2)}, {"norm": torch.zeros(3)}]
    for rest in ({}, {"average": None}, {"average": None, "weights": {"a": 1}, "statistics": statistics}):
        torch.save({"schema": "chexnet/checkpoint/v1", **rest}, tmp_path / "checkpoint.pt")

        assert "holds no named tensors" in refusal(tmp_path / "checkpoint.pt").user_message


def test_weights_of_another_architecture_do_not_fit(tmp_path: Path) -> None:
    torch.save({"conv1.weight": torch.zeros(64, 3, 7, 7), "fc.bias": torch.zeros(1000)}, tmp_path / "resnet50.pth")

    assert " 604 missing (features.conv0.weight, " in refusal(tmp_path / "resnet50.pth").user_message


def test_a_file_without_tensors_is_told(tmp_path: Path) -> None:
    torch.save({"epoch": 3, "state_dict": {}}, tmp_path / "weights.pt")

    assert refusal(tmp_path / "weights.pt").user_message == f"{tmp_path / 'weights.pt'} holds no named tensors."


def test_imagenet_is_looked_for_in_the_cache_of_torch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(UserError) as caught:
        weights_file("imagenet", "densenet121")

    path = tmp_path / "hub" / "checkpoints" / PUBLISHED["densenet121"].imagenet
    assert caught.value.user_message == f"There is no file {path}."
    for way in ("Name a file of weights", "weights: imagenet", "url and sha256", "weights: none"):
        assert way in str(caught.value.hint)

    path.parent.mkdir(parents=True)
    path.touch()
    assert weights_file("imagenet", "densenet121") == path


def test_a_file_named_as_torchvisions_must_have_its_digest(given: Given, tmp_path: Path) -> None:
    torch.save(given.tensors, tmp_path / PUBLISHED["densenet121"].imagenet)

    message = refusal(tmp_path / PUBLISHED["densenet121"].imagenet).user_message

    assert re.search(r"is not what its name says: its SHA-256 begins with [0-9a-f]{8}, not a639ec97\.$", message)


def test_the_facts_name_the_file_its_digest_and_what_of_it_is_in_use(given: Given, tmp_path: Path) -> None:
    facts: Mapping[str, object] = load(given.tensors, tmp_path, given).facts()

    assert {**facts, "sha256": len(str(facts["sha256"]))} == {
        "file": "weights.pt",
        "sha256": 64,
        "layout": "state_dict",
        "tensors": 727,
        "head": "kept",
    }
