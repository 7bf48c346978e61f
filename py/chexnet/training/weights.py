"""Starting weights: torchvision's of ImageNet, those of a published CheXNet, or a model or checkpoint of ours."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import torch
from torch import nn

from chexnet.mistakes import UserError
from chexnet.training.files import sha256_of
from chexnet.training.tensors_file import read_tensors
from chexnet.training.weight_layouts import LAYOUTS, Found, Layout, order_of, recognise

IMAGENET = "imagenet"
# torchvision's name for it: what follows the hyphen is how the SHA-256 of its content begins.
IMAGENET_FILE = "densenet121-a639ec97.pth"

WAYS = (
    "Name a file of weights; or, for those of ImageNet, place "
    f"{IMAGENET_FILE} in the hub/checkpoints folder of torch's cache and write weights: {IMAGENET}; or add a stage "
    "that uses weights, with url and sha256; or start from random weights with weights: none."
)

# `kept`: the file's classifier is in use; `reordered`: too, its rows moved to our order; `new`: it does not fit.
Head: TypeAlias = Literal["kept", "reordered", "new"]

_HEAD = ("classifier.weight", "classifier.bias")
_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a network was started from. `remarks` are for people, a line each."""

    file: str
    sha256: str
    layout: Layout
    tensors: int
    head: Head
    remarks: tuple[str, ...]

    def facts(self) -> dict[str, object]:
        """For the model file and the report: plain values, and no path."""
        return {
            "file": self.file,
            "sha256": self.sha256,
            "layout": self.layout,
            "tensors": self.tensors,
            "head": self.head,
        }


def weights_file(name: str) -> Path:
    """The file that the parameter `weights` means. Raises UserError that tells the ways when it is not there."""
    path = _torch_cache() / IMAGENET_FILE if name == IMAGENET else Path(name)
    if not path.is_file():
        raise UserError(f"There is no file {path}.", WAYS)
    return path


def load_weights(model: nn.Module, path: Path, findings: Sequence[str]) -> Loaded:
    """Copy the file's tensors into the model; a classifier for other outputs is left out.

    Raises UserError that lists names and shapes that do not fit: nothing is loaded in part.
    """
    sha256 = sha256_of(path) if path.is_file() else ""
    found = recognise(read_tensors(path))
    if not found.tensors:
        raise UserError(f"{path} holds no named tensors.")
    _check_name(path, sha256)
    wanted = model.state_dict()
    given, head, remark = _fit_head(found, wanted, findings)
    faults = _faults(given, wanted)
    if faults:
        raise UserError(
            f"{path} does not fit DenseNet-121: {'; '.join(faults)}.",
            "Take weights of a DenseNet-121 for images of three channels, with torchvision's names.",
        )
    model.load_state_dict(given, strict=False)
    beside = f"passed over, since it is not of the network: {_some(found.beside)}"
    origin = f"weights from {path.name}, {LAYOUTS[found.layout]}: {len(given)} tensors, SHA-256 {sha256[:12]}…"
    remarks = (origin, remark, *([beside] if found.beside else []))
    return Loaded(file=path.name, sha256=sha256, layout=found.layout, tensors=len(given), head=head, remarks=remarks)


def _torch_cache() -> Path:
    """Where torch keeps downloaded models, by its rules."""
    parent = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    home = os.environ.get("TORCH_HOME") or os.path.join(parent, "torch")
    return Path(home).expanduser() / "hub" / "checkpoints"


def _check_name(path: Path, sha256: str) -> None:
    expected = IMAGENET_FILE.rpartition("-")[2].removesuffix(".pth")
    if path.name == IMAGENET_FILE and not sha256.startswith(expected):
        raise UserError(
            f"{path} is not what its name says: its SHA-256 begins with {sha256[:8]}, not {expected}.", "Get it again."
        )


def _fit_head(
    found: Found, wanted: Mapping[str, torch.Tensor], findings: Sequence[str]
) -> tuple[dict[str, torch.Tensor], Head, str]:
    """The tensors with the classifier in our order, or without it, and why."""
    body = {name: tensor for name, tensor in found.tensors.items() if name not in _HEAD}
    if any(name not in found.tensors for name in _HEAD):
        return body, "new", "they have no classifier: it starts anew"
    weight, bias = (found.tensors[name] for name in _HEAD)
    outputs, count = int(weight.shape[0]) if weight.dim() > 0 else 0, wanted[_HEAD[0]].shape[0]
    if outputs != count or bias.shape != wanted[_HEAD[1]].shape:
        return body, "new", f"their classifier has {outputs} outputs, not {count}: it starts anew"
    if not (_is_plain(weight, wanted[_HEAD[0]]) and _is_plain(bias, wanted[_HEAD[1]])):
        return found.tensors, "kept", ""  # This is a fault, and is told as one.
    if found.classes is None:
        return found.tensors, "kept", f"they do not name their {count} classes: CheXNet's order is taken for granted"
    order = order_of(found.classes, findings)
    if order is None:
        others = [name for name in found.classes if name not in findings]
        return body, "new", f"their classifier is of other classes ({_some(others)}): it starts anew"
    if order == sorted(order):
        return found.tensors, "kept", "their classifier is in use, of the same classes in the same order"
    moved = {_HEAD[0]: weight[order], _HEAD[1]: bias[order]}
    note = f"their classes are in another order ({_some(found.classes)}): the classifier's rows were moved to ours"
    return {**found.tensors, **moved}, "reordered", note


def _faults(given: Mapping[str, torch.Tensor], wanted: Mapping[str, torch.Tensor]) -> list[str]:
    # Files older than PyTorch 0.4.1 do not count batches, and the count is not used.
    missing = [name for name in wanted if name not in given and name not in _HEAD and "num_batches" not in name]
    unknown = [name for name in given if name not in wanted]
    fitting = {name: tensor for name, tensor in given.items() if name in wanted}
    shapes = [
        f"{name} is {tuple(tensor.shape)}, not {tuple(wanted[name].shape)}"
        for name, tensor in fitting.items()
        if tensor.shape != wanted[name].shape
    ]
    types = [name for name, tensor in fitting.items() if not _is_plain(tensor, wanted[name])]
    not_finite = [
        name
        for name, tensor in fitting.items()
        if name not in types and tensor.shape == wanted[name].shape and not bool(torch.isfinite(tensor).all())
    ]
    groups = [
        (missing, "missing"),
        (unknown, "unknown"),
        (shapes, "of another shape"),
        (types, "of another type"),
        (not_finite, "not finite"),
    ]
    return [f"{len(names)} {what} ({_some(names)})" for names, what in groups if names]


def _is_plain(tensor: torch.Tensor, wanted: torch.Tensor) -> bool:
    """A file may also hold tensors without content, sparse and complex ones."""
    same = tensor.is_floating_point() == wanted.is_floating_point() and not tensor.is_complex()
    return same and tensor.layout == torch.strided and tensor.device.type == wanted.device.type


def _some(names: Sequence[str]) -> str:
    rest = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")
