"""What each part measures: on a processor, on a device of its own, and tiny to see that all of it runs."""

from dataclasses import dataclass, replace

from chexnet.accelerators.protocol import Precision
from tests.bench.case import Case
from tests.bench.turns import Pace


@dataclass(frozen=True, slots=True)
class Sizes:
    """By part: the cases, how long each is looked at, and of epochs how many images each has."""

    step: tuple[tuple[Case, Pace], ...]
    ddp: tuple[Case, Pace]
    grid: tuple[tuple[Case, Pace], ...]
    compile: tuple[tuple[Case, Pace], ...]
    deterministic: tuple[Case, Pace]
    epoch: tuple[tuple[Case, int], ...]
    ten_crop: tuple[tuple[Case, int], ...]
    profile: tuple[Case, Pace]
    loader_side: int
    loader_images: int
    loader_batches: tuple[int, ...]
    loader_rounds: int
    images: int


def sizes_for(device: str, *, tiny: bool) -> Sizes:
    if tiny:
        return _tiny()
    return _processor() if device == "cpu" else _device()


def _device() -> Sizes:
    """Of one GPU: some ten minutes in all."""
    precisions: tuple[Precision, ...] = ("fp32", "tf32", "bf16")
    grid = [
        (_case(batch, precision, channels_last=last), _pace_of(batch))
        for precision in precisions
        for last in (True, False)
        for batch in (64, 128, 256, 512, 1024)
    ]
    return Sizes(
        step=((_case(64, "fp32"), Pace(10, 10, 10, 40)), (_case(256, "bf16"), Pace(10, 10, 10, 40))),
        ddp=(_case(64, "fp32"), Pace(10, 10, 8, 120)),
        grid=tuple(grid),
        compile=tuple((_case(batch, "bf16", compiled=True), Pace(10, 10, 5, 30)) for batch in (64, 256)),
        deterministic=(_case(256, "bf16"), Pace(10, 10, 5, 40)),
        epoch=((_case(256, "bf16"), 15_000), (_case(64, "tf32"), 15_000)),
        ten_crop=((_crops(4, "fp32"), 1_000), (_crops(64, "bf16"), 15_000)),
        profile=(_case(256, "bf16"), Pace(10, 5, 1, 60)),
        loader_side=256,
        loader_images=6_000,
        loader_batches=(32, 256),
        loader_rounds=7,
        images=15_000,
    )


def _processor() -> Sizes:
    small, large = Case(stored=72, crop=64, batch=32), Case(stored=256, crop=224, batch=8)
    both: tuple[Precision, ...] = ("fp32", "bf16")
    grid = [
        (Case(stored=72, crop=64, batch=batch, precision=precision, channels_last=last), Pace(1, 2, 4, 30))
        for precision in both
        for last in (True, False)
        for batch in (16, 32, 64)
    ]
    return Sizes(
        step=((small, Pace(3, 4, 20, 120)), (large, Pace(2, 2, 15, 120))),
        ddp=(small, Pace(3, 4, 8, 150)),
        grid=tuple(grid),
        compile=((Case(stored=72, crop=64, batch=32, compile=True), Pace(2, 4, 8, 60)),),
        deterministic=(small, Pace(3, 4, 8, 60)),
        epoch=((small, 640),),
        ten_crop=((Case(stored=72, crop=64, batch=4, ten_crop=True), 40),),
        profile=(small, Pace(2, 2, 1, 60)),
        loader_side=256,
        loader_images=6_000,
        loader_batches=(32, 256),
        loader_rounds=7,
        images=2_000,
    )


def _tiny() -> Sizes:
    # Two ranks of one image each would give batch norm a single value.
    case, shared, pace = Case(stored=40, crop=32, batch=2), Case(stored=40, crop=32, batch=4), Pace(1, 1, 2, 5)
    return Sizes(
        step=((case, Pace(1, 1, 3, 5)),),
        ddp=(shared, Pace(1, 1, 1, 5)),
        grid=((replace(case, channels_last=False), pace), (replace(case, precision="tf32"), pace)),
        compile=((replace(case, compile=True), pace),),
        deterministic=(case, pace),
        epoch=((case, 6),),
        ten_crop=((replace(case, ten_crop=True), 2),),
        profile=(case, Pace(1, 1, 1, 5)),
        loader_side=40,
        loader_images=64,
        loader_batches=(8,),
        loader_rounds=3,
        images=16,
    )


def _case(batch: int, precision: Precision, *, channels_last: bool = True, compiled: bool = False) -> Case:
    return Case(stored=256, crop=224, batch=batch, precision=precision, channels_last=channels_last, compile=compiled)


def _crops(batch: int, precision: Precision) -> Case:
    return Case(stored=256, crop=224, batch=batch, precision=precision, ten_crop=True)


def _pace_of(batch: int) -> Pace:
    """Great batches take long, and a report every few steps does not disturb them."""
    return Pace(5, 5, 4, 12) if batch >= 512 else Pace(10, 10, 5, 12)
