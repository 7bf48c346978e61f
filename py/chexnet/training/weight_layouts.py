"""The layouts in which weights of the networks come, all brought to torchvision's names and to our order of classes."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import torch

from chexnet.training.averages import mean_statistics
from chexnet.training.backbones import PUBLISHED
from chexnet.training.checkpoint import SCHEMA as CHECKPOINT_SCHEMA
from chexnet.training.params import Backbone

MODEL_SCHEMA = "chexnet/model/v1"

Layout: TypeAlias = Literal["model", "checkpoint", "chexnet", "state_dict"]
State: TypeAlias = Mapping[str, object]

LAYOUTS: dict[Layout, str] = {
    "model": "a model of this project",
    "checkpoint": "a checkpoint of this project",
    "chexnet": "a checkpoint in the layout of the published CheXNet ones",
    "state_dict": "a state_dict",
}

_CONTAINERS = ("state_dict", "model", "model_state_dict", "net", "network", "weights")
_CLASS_LISTS = ("findings", "classes", "class_names", "labels", "label_names", "pathologies", "targets")
# Published CheXNet checkpoints are of a class that wraps torchvision's model and has a sigmoid in its classifier.
_HEAD = re.compile(r"^(classifier|fc)\.(\d+\.)?(weight|bias)$")
# torchvision's published files still have the names of 2017: denselayer1.norm.1.weight.
_OLD_NAME = re.compile(
    r"^(.*denselayer\d+\.(?:norm|relu|conv))\.([12]\.(?:weight|bias|running_mean|running_var|num_batches_tracked))$"
)


@dataclass(frozen=True, slots=True)
class Found:
    """Tensors of a file by torchvision's names. `classes`: those that the file names, in the order of its outputs.

    `beside`: tensors that are not of the network, as of a loss in the same checkpoint.
    """

    layout: Layout
    tensors: dict[str, torch.Tensor]
    classes: tuple[str, ...] | None
    beside: tuple[str, ...]


def recognise(content: State, backbone: Backbone) -> Found:
    """What a file holds, by the names of the backbone that is wanted. No tensors where it holds none."""
    schema = content.get("schema")
    classes = _classes_of(content)
    if schema == MODEL_SCHEMA:
        return Found("model", _tensors(_mapping(content.get("model"))), classes, ())
    if schema == CHECKPOINT_SCHEMA:
        return Found("checkpoint", _exported(content), classes, ())
    named = _tensors(_state_of(content))
    prefix = _prefix_of(named, PUBLISHED[backbone].first)
    own = {name.removeprefix(prefix): tensor for name, tensor in named.items() if name.startswith(prefix)}
    beside = tuple(name for name in named if not name.startswith(prefix))
    wrapped = f"{backbone}." in prefix or any((match := _HEAD.match(name)) and match.group(2) for name in own)
    return Found("chexnet" if wrapped else "state_dict", _modern(own), classes, beside)


def exported_from(tensors: Mapping[str, Any]) -> dict[str, torch.Tensor]:
    """The model in a checkpoint of ours: its moving average if it has one, statistics averaged over the ranks."""
    source = tensors if tensors["average"] is None else tensors["average"]
    return {**source["weights"], **mean_statistics(source["statistics"])}


def _exported(content: State) -> dict[str, torch.Tensor]:
    try:
        return _tensors(exported_from(content))
    except (KeyError, TypeError, IndexError, AttributeError, RuntimeError):
        return {}


def _state_of(content: State) -> State:
    for name in _CONTAINERS:
        inner = content.get(name)
        if isinstance(inner, Mapping) and _tensors(inner):
            return _mapping(inner)
    return content


def _prefix_of(named: Mapping[str, object], first: str) -> str:
    """What stands before all names of the network: module. of DataParallel, densenet121. of CheXNet, and the like."""
    prefixes = [name.removesuffix(first) for name in named if name.endswith(first)]
    prefixes = [prefix for prefix in prefixes if prefix == "" or prefix.endswith(".")]
    return prefixes[0] if len(prefixes) == 1 else ""


def _modern(named: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    modern = {_OLD_NAME.sub(r"\1\2", name): tensor for name, tensor in named.items()}
    linear = {match.group(2) for name in named if (match := _HEAD.match(name))}
    if len(linear) != 1:
        return modern
    return {_HEAD.sub(r"\1.\3", name): tensor for name, tensor in modern.items()}


def _classes_of(content: State) -> tuple[str, ...] | None:
    for name in _CLASS_LISTS:
        listed = content.get(name)
        if isinstance(listed, list | tuple) and listed and all(isinstance(entry, str) for entry in listed):
            return tuple(listed)
    return None


def order_of(classes: Sequence[str], wanted: Sequence[str]) -> list[int] | None:
    """Where each wanted class stands among these; None unless they are the same ones, however they are spelt."""
    places = {_plain(name): place for place, name in enumerate(classes)}
    if len(classes) != len(wanted) or set(places) != {_plain(name) for name in wanted}:
        return None
    return [places[_plain(name)] for name in wanted]


def _plain(name: str) -> str:
    return re.sub(r"[ _-]+", "_", name.strip()).casefold()


def _mapping(value: object) -> State:
    return {str(key): entry for key, entry in value.items()} if isinstance(value, Mapping) else {}


def _tensors(state: Mapping[Any, object]) -> dict[str, torch.Tensor]:
    return {str(name): value for name, value in state.items() if isinstance(value, torch.Tensor)}
