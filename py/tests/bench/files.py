"""Folders as preprocess, split and the dataset stage leave them, of as many images as wanted, quickly."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from chexnet.findings import FINDINGS

_CHUNK_IMAGES = 512
_LABEL_SHARE = 0.05


def make_files(folder: Path, *, images: int, side: int) -> dict[str, str]:
    """Noise of `side` pixels with random labels, all in the fold train. Returns the folders by a job's names.

    The pixels have just been written: they are in the page cache.
    """
    folders = {name: folder / name for name in ("images", "folds", "dataset")}
    for path in folders.values():
        path.mkdir(parents=True)
    random = np.random.default_rng(0)
    _pixels(folders["images"] / "images.npy", (images, side, side), random)
    names = [f"{number:08d}_000.png" for number in range(images)]
    labels = random.random((images, len(FINDINGS))) < _LABEL_SHARE
    found = ["|".join(name for name, here in zip(FINDINGS, row, strict=True) if here) for row in labels]
    _table(
        folders["images"] / "index.csv",
        "row,image,sha256,bytes,width,height,mode,mean",
        (f"{row},{name},0,1,{side},{side},L,100" for row, name in enumerate(names)),
    )
    _table(folders["folds"] / "folds.csv", "image,patient,fold", (f"{name},{name},train" for name in names))
    _table(
        folders["dataset"] / "metadata.csv",
        "image,patient,age,sex,view,follow_up,findings",
        (f"{name},{row},50,F,PA,0,{found[row]}" for row, name in enumerate(names)),
    )
    return {name: str(path) for name, path in folders.items()}


def _pixels(path: Path, shape: tuple[int, int, int], random: np.random.Generator) -> None:
    pixels = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=shape)
    for first in range(0, len(pixels), _CHUNK_IMAGES):
        chunk = pixels[first : first + _CHUNK_IMAGES]
        chunk[:] = np.frombuffer(random.bytes(chunk.size), dtype=np.uint8).reshape(chunk.shape)
    pixels.flush()


def _table(path: Path, header: str, lines: Iterable[str]) -> None:
    path.write_text("\n".join((header, *lines)) + "\n")
