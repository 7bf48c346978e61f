"""A file that is no weights is told by what it is, and one that holds code is refused before any of it runs."""

import contextlib
import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from chexnet.mistakes import UserError
from chexnet.training.densenet import DenseNet
from chexnet.training.tensors_file import read_tensors


class Hostile:
    """Unpickling it makes a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.folder),)


class Scalar:
    """Pickled as one of NumPy's numbers, of the given bytes."""

    def __init__(self, dtype: "np.dtype[Any]", content: bytes) -> None:
        self.dtype, self.content = dtype, content

    def __reduce__(self) -> tuple[object, tuple[object, bytes]]:
        return np.float64(0).__reduce__()[0], (self.dtype, self.content)


def refusal(path: Path) -> UserError:
    with pytest.raises(UserError) as caught:
        read_tensors(path)
    return caught.value


def write_hostile(path: Path, folder: Path, how: str) -> None:
    content = {"state_dict": {"features.conv0.weight": torch.zeros(1)}, "optimizer": Hostile(folder)}
    if how == "pickle":
        path.write_bytes(pickle.dumps(Hostile(folder), protocol=2))
    else:
        torch.save(content, path, _use_new_zipfile_serialization=how == "zip")


@pytest.mark.parametrize("how", ["zip", "2017", "pickle"])
def test_code_in_a_file_does_not_run_and_is_told_in_one_message(how: str, tmp_path: Path) -> None:
    path, folder = tmp_path / "model.pth", tmp_path / "made-by-code"
    write_hostile(path, folder, how)

    told = refusal(path)

    assert not folder.exists()
    named = "" if how == "pickle" else " (posix.mkdir)"
    assert told.user_message == (
        f"{path} holds Python objects{named} beside tensors, which could run code when loaded; none was run."
    )
    assert told.hint is not None
    assert "state_dict()" in told.hint
    # The trap works: whoever trusts the file runs it.
    if how == "pickle":
        pickle.loads(path.read_bytes())
    else:
        torch.load(path, weights_only=False)
    assert folder.exists()


def test_numbers_of_numpy_bring_no_code_along(tmp_path: Path) -> None:
    """They are the one thing that is allowed beside what torch allows."""
    folder = tmp_path / "made-by-code"
    inner = pickle.dumps(Hostile(folder))
    for number, argument in ((np.float64, np.dtype("f8")), (object, np.dtype("O"))):
        path = tmp_path / f"{number.__name__}.pt"
        torch.save({"best": Scalar(argument, inner), "a": torch.zeros(1)}, path)
        with contextlib.suppress(UserError):
            read_tensors(path)

    assert not folder.exists()


def test_a_pickled_whole_model_is_refused_with_what_to_do(tmp_path: Path) -> None:
    """As jrzech's reproduction saved its checkpoints."""
    path = tmp_path / "checkpoint"
    torch.save({"model": nn.DataParallel(nn.Linear(2, 2)), "best_loss": 0.1, "epoch": 6, "LR": 0.01}, path)

    told = refusal(path)

    assert "holds Python objects (torch.nn.parallel.data_parallel.DataParallel) beside tensors" in told.user_message
    assert told.hint is not None
    assert told.hint.startswith("It is a whole model. Where you trust it, save its tensors alone")
    assert "model['model'].state_dict()" in told.hint


def test_our_own_network_pickled_whole_is_refused_too(tmp_path: Path) -> None:
    torch.save(DenseNet(outputs=14), tmp_path / "model.pt")

    assert "holds Python objects (chexnet.training.densenet.DenseNet)" in refusal(tmp_path / "model.pt").user_message


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("kept", [0, 30, 0.5, 0.99])
def test_a_file_that_was_cut_short_is_told(zipped: bool, kept: float, tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    torch.save({"a": torch.randn(1000), "b": torch.randn(500)}, path, _use_new_zipfile_serialization=zipped)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(kept if kept >= 1 else len(whole) * kept)])

    told = refusal(path)

    wanted = "is empty" if kept == 0 else "is not whole" if zipped else "is damaged, or not a file of PyTorch weights"
    assert f"{path} {wanted}" in told.user_message
    assert "weights_only" not in told.user_message


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<!DOCTYPE html>\n<html><body>Sign in", "a page of HTML or XML"),
        (b"\n  <html>404", "a page of HTML or XML"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "a pointer of Git LFS"),
        (b"\x89HDF\r\n\x1a\n" + bytes(100), "an HDF5 file, as Keras writes it"),
        (b"\x1f\x8b\x08\x00" + bytes(30), "compressed with gzip"),
        (b"\x89PNG\r\n\x1a\n" + bytes(30), r"it begins with b'\\x89PNG"),
        (b"Rate limit exceeded", "it begins with b'Rate lim'"),
    ],
)
def test_what_servers_send_instead_is_told(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    path.write_bytes(content)

    told = refusal(path).user_message

    assert told.startswith(f"{path} is not a file of PyTorch weights")
    assert message.replace("\\\\", "\\") in told


def test_an_archive_of_something_else_is_told(tmp_path: Path) -> None:
    path = tmp_path / "weights.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("CheXNet/model.pth.tar", b"x")

    assert refusal(path).user_message == f"{path} is a zip archive, not a file of PyTorch weights."


def test_a_file_that_is_not_there_and_a_folder_are_told(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none.pt").user_message == f"There is no file {tmp_path / 'none.pt'}."
    assert refusal(tmp_path).user_message == f"{tmp_path} cannot be read: Is a directory."


def test_tensors_without_names_are_told(tmp_path: Path) -> None:
    torch.save([torch.zeros(1)], tmp_path / "list.pt")

    assert refusal(tmp_path / "list.pt").user_message == f"{tmp_path / 'list.pt'} holds a list, not named tensors."


@pytest.mark.parametrize("zipped", [True, False])
def test_damaged_bytes_end_in_a_message_or_in_tensors(zipped: bool, tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    content = {"epoch": 3, "state_dict": {f"layer{at}.weight": torch.ones(at) for at in range(1, 9)}}
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    whole = path.read_bytes()
    random = np.random.default_rng(7)
    for _ in range(200):
        damaged = bytearray(whole)
        for at in random.integers(0, len(whole), size=3):
            damaged[at] = random.integers(0, 256)
        path.write_bytes(damaged)
        with contextlib.suppress(UserError):
            read_tensors(path)
