"""The parts by name."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from chexnet.training.out_of_memory import is_out_of_memory
from tests.bench.case import Case
from tests.bench.deterministic import compare_deterministic
from tests.bench.epochs import train_epoch
from tests.bench.loading import measure_loader
from tests.bench.profiled import profile_steps
from tests.bench.ranks import compare_ranks
from tests.bench.site import Site
from tests.bench.sizes import Sizes
from tests.bench.turns import Pace, compare_with_bare

Result = object


def _step(site: Site, sizes: Sizes) -> Result:
    return _beside_bare(site, "step", sizes.step)


def _ddp(site: Site, sizes: Sizes) -> Result:
    case, pace = sizes.ddp
    with site.case_folder() as folder:
        return compare_ranks(site.here(case), site.files(case.stored), folder, pace)


def _loader(site: Site, sizes: Sizes) -> Result:
    side = sizes.loader_side
    files = site.files(side, sizes.loader_images)
    return measure_loader(files, crop=min(224, side), batches=sizes.loader_batches, rounds=sizes.loader_rounds)


def _grid(site: Site, sizes: Sizes) -> Result:
    if site.device == "cuda":
        site.left_out.append({"what": "grid: CUDA graphs", "why": "training does not use them"})
    return _beside_bare(site, "grid", sizes.grid)


def _compile(site: Site, sizes: Sizes) -> Result:
    return _beside_bare(site, "compile", sizes.compile)


def _deterministic(site: Site, sizes: Sizes) -> Result:
    case, pace = sizes.deterministic
    with site.case_folder() as folder:
        return compare_deterministic(site.here(case), site.files(case.stored), folder, pace)


def _epoch(site: Site, sizes: Sizes) -> Result:
    return [_one_epoch(site, site.here(case), images) for case, images in sizes.epoch]


def _ten_crop(site: Site, sizes: Sizes) -> Result:
    return [_one_epoch(site, site.here(case), images) for case, images in sizes.ten_crop]


def _profile(site: Site, sizes: Sizes) -> Result:
    case, pace = sizes.profile
    with site.case_folder() as folder:
        trace = site.trace or folder / "trace.json"
        result = profile_steps(site.here(case), site.files(case.stored), folder, pace, trace=trace)
    return result if site.trace else {name: value for name, value in result.items() if name != "trace"}


MEASURES: Final[Mapping[str, Callable[[Site, Sizes], Result]]] = {
    "step": _step,
    "ddp": _ddp,
    "loader": _loader,
    "grid": _grid,
    "compile": _compile,
    "deterministic": _deterministic,
    "epoch": _epoch,
    "ten-crop": _ten_crop,
    "profile": _profile,
}


def _one_epoch(site: Site, case: Case, images: int) -> Result:
    with site.case_folder() as folder:
        return train_epoch(case, site.files(case.stored), folder, images=images)


def _beside_bare(site: Site, part: str, cases: Iterable[tuple[Case, Pace]]) -> list[Result]:
    """Cases that the device does not know or has no room for are left out, and said."""
    precisions, results = site.accelerator().capabilities.precisions, list[Result]()
    for case, pace in cases:
        what = f"{part}: batch {case.batch}, {case.precision}{'' if case.channels_last else ', channels first'}"
        if case.precision not in precisions:
            site.left_out.append({"what": what, "why": f"{site.device} does not compute in {case.precision}"})
            continue
        try:
            with site.case_folder() as folder:
                results.append(compare_with_bare(site.here(case), site.files(case.stored), folder, pace))
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            site.left_out.append({"what": what, "why": "it does not fit in the device's memory"})
    return results
