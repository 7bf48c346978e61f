"""A folder of PNGs and list files (`name 0 1 0 …`, one column per finding) to the artifacts that training reads.

This is how CheXNet's lists come. Needs Pillow; the pipeline's own preprocess does not and is twice as fast.
"""

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
import numpy.typing as npt

from chexnet.mistakes import UserError
from chexnet.training.data import Sources
from chexnet.training.tables import some

_NO_PILLOW = "Reading PNGs without the pipeline needs Pillow, which is not installed."
_PILLOW_HINT = "pip install pillow, or let the pipeline preprocess: `npx pipeline run CONFIG --until preprocess`."


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of a list: an image of a fold and its findings, in their order."""

    image: str
    fold: str
    findings: tuple[str, ...]


def read_lists(lists: Mapping[str, Path], findings: Sequence[str]) -> list[Listed]:
    """The images of all lists, by fold. Raises UserError with file and line."""
    listed: list[Listed] = []
    where: dict[str, str] = {}
    for fold, path in lists.items():
        for number, line in _lines(path):
            name, *flags = line.split()
            if len(flags) != len(findings) or any(flag not in ("0", "1") for flag in flags):
                raise UserError(
                    f"{path}:{number}: a line is a name and {len(findings)} times 0 or 1, not {line[:80]!r}."
                )
            if name in where:
                raise UserError(f"{path}:{number}: {name} is in {where[name]} already.")
            where[name] = f"{path}:{number}"
            found = tuple(finding for finding, flag in zip(findings, flags, strict=True) if flag == "1")
            listed.append(Listed(image=name, fold=fold, findings=found))
    return listed


def prepare_lists(listed: Sequence[Listed], images: Path, cache: Path, *, side: int) -> Sources:
    """Decode the images once, at side × side pixels, into a folder of `cache` named by what they are.

    Every rank may call it: one prepares while the others wait. Raises UserError that names images it cannot read.
    """
    folder = cache / _digest(listed, images, side)
    cache.mkdir(parents=True, exist_ok=True)
    with _locked(folder.with_suffix(".lock")):
        if not folder.exists():
            draft = folder.with_suffix(".tmp")
            shutil.rmtree(draft, ignore_errors=True)
            _write(listed, images, draft, side)
            os.replace(draft, folder)
    return Sources(images=folder, folds=folder, dataset=folder)


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"The list {path} cannot be read: {error}.") from None
    # A last line without its line end is a line.
    return ((number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip())


def _digest(listed: Sequence[Listed], images: Path, side: int) -> str:
    digest = hashlib.sha256(f"{images.resolve()}\0{side}\n".encode())
    for entry in listed:
        digest.update(f"{entry.fold} {entry.image} {'|'.join(entry.findings)}\n".encode())
    return f"lists-{digest.hexdigest()[:16]}"


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with open(path, "w") as file:
        # Released by the kernel should this process die.
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _write(listed: Sequence[Listed], images: Path, folder: Path, side: int) -> None:
    missing = [entry.image for entry in listed if not (images / entry.image).is_file()]
    if missing:
        raise UserError(f"{images} lacks images of the lists: {some(missing)}.")
    pillow = _pillow()
    folder.mkdir(parents=True)
    pixels = np.lib.format.open_memmap(
        folder / "images.npy", mode="w+", dtype=np.uint8, shape=(len(listed), side, side)
    )

    def decode(row: int) -> str | None:
        try:
            pixels[row] = _decoded(pillow, images / listed[row].image, side)
        except (OSError, ValueError, SyntaxError) as error:
            return f"{listed[row].image} ({error})"
        return None

    # Pillow lets other threads run while it decodes.
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        faults = [fault for fault in pool.map(decode, range(len(listed))) if fault is not None]
    if faults:
        raise UserError(f"Images that cannot be read: {some(faults)}.")
    pixels.flush()
    names = [entry.image for entry in listed]
    _table(folder / "index.csv", "row,image", [f"{row},{name}" for row, name in enumerate(names)])
    _table(folder / "folds.csv", "image,patient,fold", [f"{e.image},{_patient(e.image)},{e.fold}" for e in listed])
    lines = [f"{entry.image},{_patient(entry.image)},{'|'.join(entry.findings)}" for entry in listed]
    _table(folder / "metadata.csv", "image,patient,findings", lines)


def _decoded(pillow: ModuleType, path: Path, side: int) -> npt.NDArray[np.uint8]:
    """Grey values as the pipeline's preprocess takes them: channel 0, Resize(side) of torchvision, centre."""
    with pillow.open(path) as image:
        if image.mode not in ("L", "LA", "RGB", "RGBA"):
            raise ValueError(f"mode {image.mode}: let the pipeline preprocess it")
        grey = image if image.mode == "L" else image.getchannel(0)
        width, height = grey.size
        scale = side / min(width, height)
        size = (max(side, int(width * scale)), max(side, int(height * scale)))
        small = np.asarray(grey.resize(size, pillow.Resampling.BILINEAR), dtype=np.uint8)
    top, left = (small.shape[0] - side) // 2, (small.shape[1] - side) // 2
    return small[top : top + side, left : left + side]


def _pillow() -> ModuleType:
    try:
        from PIL import Image
    except ImportError:
        raise UserError(_NO_PILLOW, _PILLOW_HINT) from None
    return Image


def _patient(image: str) -> str:
    """NIH names are <patient>_<number>.png."""
    return Path(image).name.partition("_")[0]


def _table(path: Path, header: str, lines: Sequence[str]) -> None:
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
