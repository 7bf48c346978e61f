"""Where a measurement is carried out: its device, its files, and what it could not measure."""

import gc
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch

from chexnet.accelerators.choose import choose
from chexnet.accelerators.cpu import processor_name
from chexnet.accelerators.protocol import Accelerator
from chexnet.training.world import Ranks, place_of
from tests.bench.case import Case
from tests.bench.files import make_files


@dataclass(slots=True)
class Site:
    """`images`: how many the files of a case have; `trace`: where the profiler's goes, None to drop it.

    `left_out`: what was not measured, and why.
    """

    folder: Path
    device: str
    threads: int | None
    images: int
    trace: Path | None
    left_out: list[dict[str, str]] = field(default_factory=list)
    _files: dict[tuple[int, int], Mapping[str, str]] = field(default_factory=dict)
    _cases: int = 0

    def here(self, case: Case) -> Case:
        return replace(case, device=self.device, threads=self.threads)

    def files(self, stored: int, images: int | None = None) -> Mapping[str, str]:
        """Made when they are asked for first."""
        key = (stored, images or self.images)
        if key not in self._files:
            self._files[key] = make_files(self.folder / f"files-{key[0]}-{key[1]}", images=key[1], side=stored)
        return self._files[key]

    @contextmanager
    def case_folder(self) -> Iterator[Path]:
        """A folder of one case; afterwards it is gone, and so is what the case held on the device."""
        self._cases += 1
        folder = self.folder / f"case-{self._cases}"
        folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder)
            gc.collect()
            if "torch._dynamo" in sys.modules:
                torch.compiler.reset()
            empty = getattr(getattr(torch, self.device), "empty_cache", None)
            if empty is not None:
                empty()

    def accelerator(self) -> Accelerator:
        """Raises UserError when it is not there."""
        alone = Ranks(rank=0, size=1, local_rank=0, local_size=1)
        return choose(self.device, place_of(alone, self.threads)).accelerator

    def facts(self) -> dict[str, object]:
        """What figures of this site have to be read with. Raises UserError when the device is not there."""
        accelerator = self.accelerator()
        return {
            "name": accelerator.name,
            "description": accelerator.describe(),
            "processor": processor_name(),
            "threads": torch.get_num_threads(),
            "torch": torch.__version__,
        }
