"""Whole files or none: temporary name in the same folder, flush to disk, rename."""

import hashlib
import io
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch


@dataclass(frozen=True, slots=True)
class Written:
    """A file that is on the disk. `name` is relative to its folder."""

    name: str
    sha256: str
    bytes: int


def write_tensors(path: Path, content: Mapping[str, object]) -> Written:
    """torch.save, atomically. The same content gives the same bytes."""
    buffer = io.BytesIO()
    torch.save(dict(content), buffer)
    return write_bytes(path, buffer.getbuffer())


def write_bytes(path: Path, content: bytes | memoryview) -> Written:
    """Replace `path`; a crash leaves the old file or the new one. Raises OSError that names the path."""
    temporary = path.with_name(f"{path.name}.tmp")
    try:
        with open(temporary, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        # A part of a file on a full disk is in everybody's way.
        temporary.unlink(missing_ok=True)
        raise OSError(error.errno, error.strerror, str(path)) from error
    sync_folder(path.parent)
    return Written(name=path.name, sha256=hashlib.sha256(content).hexdigest(), bytes=len(content))


def sync_folder(folder: Path) -> None:
    """Make a rename in the folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sha256_of(path: Path) -> str:
    """Lower-case hexadecimal."""
    with open(path, "rb") as file:
        digest = hashlib.sha256()
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
