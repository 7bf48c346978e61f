"""Starting weights from a file: torchvision's ImageNet weights, a published CheXNet, or a model of ours."""

import pickle
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from chexnet.accelerators.protocol import HOST
from chexnet.mistakes import UserError

_HEAD = ("classifier.weight", "classifier.bias")
# torchvision's published files still have the names of 2017: denselayer1.norm.1.weight.
_OLD_NAME = re.compile(
    r"^(.*denselayer\d+\.(?:norm|relu|conv))\.([12]\.(?:weight|bias|running_mean|running_var|num_batches_tracked))$"
)
_WRAPPERS = ("module.", "densenet121.")
_CONTAINERS = ("model", "state_dict", "model_state_dict")


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came from the file. `head_kept`: its classifier fitted, so its outputs are in use."""

    tensors: int
    head_kept: bool


def read_tensors(path: Path) -> dict[str, object]:
    """The content of a file written by torch.save, never executing anything in it. Raises UserError."""
    try:
        content = torch.load(path, map_location=HOST, weights_only=True)
    except FileNotFoundError:
        raise UserError(f"There is no file {path}.") from None
    except pickle.UnpicklingError:
        raise UserError(
            f"{path} holds Python objects beside tensors, which could run code when loaded.",
            "Save its state_dict alone: torch.save(model.state_dict(), path).",
        ) from None
    except (OSError, RuntimeError, EOFError, ValueError, KeyError) as error:
        raise UserError(f"{path} is not a file of PyTorch weights ({_first_line(error)}).") from None
    if not isinstance(content, Mapping):
        raise UserError(f"{path} holds a {type(content).__name__}, not named tensors.")
    return {str(key): value for key, value in content.items()}


def load_weights(model: nn.Module, path: Path) -> Loaded:
    """Copy the file's tensors into the model; a classifier for other outputs is left out.

    Raises UserError that lists every name and shape that does not fit: nothing is loaded in part.
    """
    given = _state_of(read_tensors(path), path)
    wanted = model.state_dict()
    head_kept = all(name in given and given[name].shape == wanted[name].shape for name in _HEAD)
    if not head_kept:
        given = {name: tensor for name, tensor in given.items() if name not in _HEAD}
    faults = _faults(given, wanted)
    if faults:
        shown = "; ".join(faults[:8])
        more = f"; and {len(faults) - 8} more" if len(faults) > 8 else ""
        raise UserError(
            f"{path} does not fit DenseNet-121 in {len(faults)} places: {shown}{more}.",
            "Take a DenseNet-121 state_dict with torchvision's names.",
        )
    model.load_state_dict(given, strict=False)
    return Loaded(tensors=len(given), head_kept=head_kept)


def _state_of(content: Mapping[str, object], path: Path) -> dict[str, torch.Tensor]:
    inner: Mapping[str, object] = content
    for container in _CONTAINERS:
        candidate = content.get(container)
        if isinstance(candidate, Mapping):
            inner = {str(key): value for key, value in candidate.items()}
            break
    tensors = {_modern_name(key): value for key, value in inner.items() if isinstance(value, torch.Tensor)}
    if not tensors:
        raise UserError(f"{path} holds no named tensors.")
    return tensors


def _modern_name(name: str) -> str:
    shortened = True
    while shortened:
        shortened = False
        for wrapper in _WRAPPERS:
            if name.startswith(wrapper):
                name, shortened = name[len(wrapper) :], True
    # arnoweng's CheXNet has its sigmoid in the classifier.
    name = re.sub(r"^classifier\.0\.", "classifier.", name)
    return _OLD_NAME.sub(r"\1\2", name)


def _faults(given: Mapping[str, torch.Tensor], wanted: Mapping[str, torch.Tensor]) -> list[str]:
    # Files older than PyTorch 0.4.1 do not count batches, and the count is not used.
    missing = [name for name in wanted if name not in given and name not in _HEAD and "num_batches" not in name]
    unknown = [name for name in given if name not in wanted]
    shapes = [
        f"{name} is {tuple(tensor.shape)}, not {tuple(wanted[name].shape)}"
        for name, tensor in given.items()
        if name in wanted and tensor.shape != wanted[name].shape
    ]
    not_finite = [
        f"{name} holds values that are not finite"
        for name, tensor in given.items()
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all())
    ]
    return [*(f"{n} is missing" for n in missing), *(f"{n} is unknown" for n in unknown), *shapes, *not_finite]


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:120]
