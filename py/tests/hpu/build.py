"""Builds the emulated device on first use. Needs a C++ compiler, torch's own headers and no network."""

import hashlib
import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from torch.utils.cpp_extension import include_paths, library_paths

_FOLDER = Path(__file__).parent
_TIMEOUT_SECONDS = 400


@dataclass(frozen=True, slots=True)
class Unbuildable:
    """Why there is no emulated device here, in words for people."""

    because: str


@dataclass(frozen=True, slots=True)
class Built:
    """The library, and how long it took to compile; None when it was there."""

    library: Path
    seconds: float | None


def build() -> Built | Unbuildable:
    """The library for these sources, torch and compiler, from the user's cache folder or made now."""
    if torch.version.cuda is not None:
        # "Cannot have both HPU and cuda": torch counts what was compiled in.
        return Unbuildable(f"torch {torch.__version__} is a CUDA build, which excludes a second kind of device")
    compiler = os.environ.get("CXX", "g++")
    try:
        version = subprocess.run([compiler, "--version"], capture_output=True, text=True, timeout=30, check=True).stdout
    except (OSError, subprocess.SubprocessError) as problem:
        return Unbuildable(f"there is no C++ compiler ({compiler}: {problem})")
    command = [compiler, *_options()]
    content = [*(path.read_text() for path in sorted(_FOLDER.glob("*.[ch]*"))), torch.__version__, version, *command]
    digest = hashlib.sha256("\0".join(content).encode()).hexdigest()[:16]
    library = _cache() / f"emulated-hpu-{digest}.so"
    if library.exists():
        return Built(library, seconds=None)
    return _compile(command, library)


def _options() -> list[str]:
    # Nothing here is fast anyway, and without optimization it is built in half the time.
    folders = library_paths()
    return [
        *("-O0", "-std=c++20", "-shared", "-fPIC", "-w"),
        *(f"-isystem{path}" for path in include_paths()),
        str(_FOLDER / "device.cpp"),
        *(f"-L{path}" for path in folders),
        *("-ltorch", "-ltorch_cpu", "-lc10"),
        *(f"-Wl,-rpath,{path}" for path in folders),
    ]


def _compile(command: list[str], library: Path) -> Built | Unbuildable:
    library.parent.mkdir(parents=True, exist_ok=True)
    # Two test runs may build at the same time: each its own file, and the last rename wins.
    own = library.with_suffix(f".{os.getpid()}.tmp")
    begun = time.monotonic()
    done = subprocess.run([*command, "-o", str(own)], capture_output=True, text=True, timeout=_TIMEOUT_SECONDS)
    if done.returncode != 0:
        own.unlink(missing_ok=True)
        return Unbuildable(f"the emulated device does not compile:\n{done.stderr[-2000:]}")
    own.replace(library)
    return Built(library, seconds=time.monotonic() - begun)


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "chexnet-pipeline" / "tests"
