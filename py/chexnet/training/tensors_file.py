"""Files written by torch.save, read without running anything in them; what is no such file is told by what it is."""

import pickle
import re
import tarfile
import warnings
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from chexnet.accelerators.protocol import HOST
from chexnet.mistakes import UserError

# How torch.save began its files until 2020: a pickle of this number.
_LEGACY = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."
_PICKLE = b"\x80"
_STARTS: tuple[tuple[bytes, str], ...] = (
    (b"version https://git-lfs", "a pointer of Git LFS, not the file itself: fetch it with git lfs pull"),
    (b"\x89HDF", "an HDF5 file, as Keras writes it"),
    (b"\x1f\x8b", "compressed with gzip: unpack it"),
    (b"<", "a page of HTML or XML, as a server sends it when it does not send the file"),
)
_GET_IT_AGAIN = "Get it again, and compare its size or SHA-256."
_NAMED = re.compile(r"GLOBAL ([\w.]+)")
_WHOLE_MODEL = ("torch.nn.", "torchvision.", "__main__.")


def read_tensors(path: Path) -> dict[str, object]:
    """The content of a file written by torch.save, never executing anything in it. Raises UserError."""
    try:
        _refuse_other_kinds(path)
    except FileNotFoundError:
        raise UserError(f"There is no file {path}.") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.") from None
    try:
        with warnings.catch_warnings(), torch.serialization.safe_globals(_number_types()):
            # What torch warns of are old ways to write a file, which is nothing that a reader could change.
            warnings.simplefilter("ignore")
            content = torch.load(path, map_location=HOST, weights_only=True)
    except pickle.UnpicklingError as error:
        raise _with_code(path, str(error)) from None
    except Exception as error:
        # There is no list of what torch raises over damaged bytes: struct.error is among it.
        raise _damaged(path, error) from None
    if not isinstance(content, Mapping):
        raise UserError(f"{path} holds a {type(content).__name__}, not named tensors.")
    return {str(key): value for key, value in content.items()}


def _refuse_other_kinds(path: Path) -> None:
    """Where torch.load itself would speak of operands and archives."""
    with open(path, "rb") as file:
        start = file.read(64)
    if not start:
        raise UserError(f"{path} is empty.", "Get it again.")
    for magic, what in _STARTS:
        if start.lstrip().startswith(magic):
            raise UserError(f"{path} is not a file of PyTorch weights but {what}.")
    if start.startswith(b"PK"):
        _refuse_other_archives(path)
    elif start.startswith(_LEGACY):
        return
    elif start.startswith(_PICKLE):
        raise _with_code(path, "")
    elif tarfile.is_tarfile(path):
        raise UserError(
            f"{path} is a tar archive, not a file of PyTorch weights.", "Unpack it, and name the file in it."
        )
    else:
        raise UserError(f"{path} is not a file of PyTorch weights: it begins with {start[:8]!r}.")


def _refuse_other_archives(path: Path) -> None:
    try:
        names = _names_in(path) if zipfile.is_zipfile(path) else None
    except Exception as error:
        raise _damaged(path, error) from None
    if names is None:
        raise UserError(f"{path} is not whole: its end is missing.", _GET_IT_AGAIN)
    if "constants.pkl" in names:
        raise UserError(
            f"{path} is a program of TorchScript, which could run code when loaded.",
            f"Where you trust it: torch.save(torch.jit.load({path.name!r}).state_dict(), 'weights.pt').",
        )
    if "data.pkl" not in names:
        raise UserError(f"{path} is a zip archive, not a file of PyTorch weights.", "Unpack it first.")


def _names_in(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        return [name.partition("/")[2] for name in archive.namelist()]


def _with_code(path: Path, why: str) -> UserError:
    named = _NAMED.search(why)
    what = f"Python objects ({named.group(1)})" if named else "Python objects"
    whole = named is not None and named.group(1).startswith(_WHOLE_MODEL)
    load = f"torch.load({path.name!r}, weights_only=False)"
    hint = (
        "It is a whole model. Where you trust it, save its tensors alone, with the libraries that it was written with: "
        f"model = {load}; torch.save(model.state_dict(), 'weights.pt'), "
        "or model['model'].state_dict() where the model is one entry of several."
        if whole
        else "Where you trust the file, save the model's tensors alone: torch.save(model.state_dict(), 'weights.pt')."
    )
    return UserError(f"{path} holds {what} beside tensors, which could run code when loaded; none was run.", hint)


def _number_types() -> list[Callable[..., Any] | tuple[Callable[..., Any], str]]:
    """NumPy's numbers, which published checkpoints hold as their best score. They run nothing."""
    scalar: Any = np.float64(0).__reduce__()[0]
    kinds = {type(np.dtype(name)) for name in ("f8", "f4", "i8", "i4", "?")}
    both = [(scalar, f"{module}.multiarray.scalar") for module in ("numpy.core", "numpy._core")]
    return [*both, np.dtype, *kinds]


def _damaged(path: Path, error: Exception) -> UserError:
    return UserError(
        f"{path} is damaged, or not a file of PyTorch weights ({_first_line(error)}).",
        _GET_IT_AGAIN,
    )


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:120]
