"""Starting weights: torchvision's of ImageNet, those of a published CheXNet, or a model or checkpoint of ours."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import torch

from chexnet.mistakes import UserError
from chexnet.training.backbones import PUBLISHED, Model, is_body_of
from chexnet.training.files import sha256_of
from chexnet.training.params import Backbone
from chexnet.training.tensors_file import read_tensors
from chexnet.training.weight_layouts import LAYOUTS, Found, Layout, order_of, recognise

IMAGENET = "imagenet"

# `kept`: the file's classifier is in use; `reordered`: too, its rows moved to our order; `new`: it does not fit.
Head: TypeAlias = Literal["kept", "reordered", "new"]

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


def weights_file(name: str, backbone: Backbone) -> Path:
    """The file that the parameter `weights` means. Raises UserError that tells the ways when it is not there."""
    published = PUBLISHED[backbone].imagenet
    path = _torch_cache() / published if name == IMAGENET else Path(name)
    if not path.is_file():
        raise UserError(
            f"There is no file {path}.",
            f"Name a file of weights; or, for those of ImageNet, place {published} in the hub/checkpoints folder of "
            f"torch's cache and write weights: {IMAGENET}; or add a stage that uses weights, with url and sha256; or "
            "start from random weights with weights: none.",
        )
    return path


def load_weights(model: Model, path: Path, findings: Sequence[str], *, backbone: Backbone = "densenet121") -> Loaded:
    """Copy the file's tensors into the model, which is such a backbone; a head for other outputs is left out.

    Raises UserError that lists names and shapes that do not fit: nothing is loaded in part.
    """
    sha256 = sha256_of(path) if path.is_file() else ""
    content = read_tensors(path)
    found = recognise(content, backbone)
    if not found.tensors:
        raise UserError(f"{path} holds no named tensors.")
    _check_name(path, sha256)
    wanted = model.state_dict()
    head_names = (f"{model.HEAD}.weight", f"{model.HEAD}.bias")
    given, head, remark = _fit_head(found, wanted, findings, head_names)
    faults = _faults(given, wanted, head_names)
    if faults:
        raise _misfit(path, content, backbone, faults)
    model.load_state_dict(given, strict=False)
    beside = f"passed over, since it is not of the network: {_some(found.beside)}"
    origin = f"weights from {path.name}, {LAYOUTS[found.layout]}: {len(given)} tensors, SHA-256 {sha256[:12]}…"
    remarks = (origin, remark, *([beside] if found.beside else []))
    return Loaded(file=path.name, sha256=sha256, layout=found.layout, tensors=len(given), head=head, remarks=remarks)


def _misfit(path: Path, content: Mapping[str, object], backbone: Backbone, faults: Sequence[str]) -> UserError:
    title = PUBLISHED[backbone].title
    for other, published in PUBLISHED.items():
        if other != backbone and is_body_of(recognise(content, other).tensors, other):
            return UserError(
                f"{path} holds weights of a {published.title}, and backbone is {backbone}.",
                f"Write backbone: {other}, or take weights of a {title}.",
            )
    return UserError(
        f"{path} does not fit {title}: {'; '.join(faults)}.",
        f"Take weights of a {title} for images of three channels, with torchvision's names.",
    )


def _torch_cache() -> Path:
    """Where torch keeps downloaded models, by its rules."""
    parent = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    home = os.environ.get("TORCH_HOME") or os.path.join(parent, "torch")
    return Path(home).expanduser() / "hub" / "checkpoints"


def _check_name(path: Path, sha256: str) -> None:
    expected = path.stem.rpartition("-")[2]
    if path.name in {known.imagenet for known in PUBLISHED.values()} and not sha256.startswith(expected):
        raise UserError(
            f"{path} is not what its name says: its SHA-256 begins with {sha256[:8]}, not {expected}.", "Get it again."
        )


def _fit_head(
    found: Found, wanted: Mapping[str, torch.Tensor], findings: Sequence[str], head_names: tuple[str, str]
) -> tuple[dict[str, torch.Tensor], Head, str]:
    """The tensors with the classifier in our order, or without it, and why."""
    body = {name: tensor for name, tensor in found.tensors.items() if name not in head_names}
    if any(name not in found.tensors for name in head_names):
        return body, "new", "they have no classifier: it starts anew"
    weight, bias = (found.tensors[name] for name in head_names)
    outputs, count = int(weight.shape[0]) if weight.dim() > 0 else 0, wanted[head_names[0]].shape[0]
    if outputs != count or bias.shape != wanted[head_names[1]].shape:
        return body, "new", f"their classifier has {outputs} outputs, not {count}: it starts anew"
    if not (_is_plain(weight, wanted[head_names[0]]) and _is_plain(bias, wanted[head_names[1]])):
        return found.tensors, "kept", ""  # This is a fault, and is told as one.
    if found.classes is None:
        return found.tensors, "kept", f"they do not name their {count} classes: CheXNet's order is taken for granted"
    order = order_of(found.classes, findings)
    if order is None:
        others = [name for name in found.classes if name not in findings]
        return body, "new", f"their classifier is of other classes ({_some(others)}): it starts anew"
    if order == sorted(order):
        return found.tensors, "kept", "their classifier is in use, of the same classes in the same order"
    moved = {head_names[0]: weight[order], head_names[1]: bias[order]}
    note = f"their classes are in another order ({_some(found.classes)}): the classifier's rows were moved to ours"
    return {**found.tensors, **moved}, "reordered", note


def _faults(
    given: Mapping[str, torch.Tensor], wanted: Mapping[str, torch.Tensor], head_names: tuple[str, str]
) -> list[str]:
    # Files older than PyTorch 0.4.1 do not count batches, and the count is not used.
    missing = [name for name in wanted if name not in given and name not in head_names and "num_batches" not in name]
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
