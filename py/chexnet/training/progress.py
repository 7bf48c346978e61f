"""How far a training is: everything that a checkpoint knows beside tensors."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, TypeAlias

from chexnet.training.params import BestBy
from chexnet.training.schedule import Plateau

# By which value the best epoch is chosen. A fold without both kinds of label for any finding has no AUROC.
Measure: TypeAlias = Literal["val_auroc_macro", "val_loss", "none"]


@dataclass(frozen=True, slots=True)
class Best:
    """The best epoch so far. `value` is None without a validation fold: then the last epoch counts as best."""

    epoch: int
    step: int
    measure: Measure
    value: float | None


@dataclass(frozen=True, slots=True)
class Tally:
    """What the current epoch has so far: per step the loss and its seconds; `elapsed` includes earlier attempts.

    `skipped` counts the steps that fp16 left out, `skipped_in_a_row` those up to the last step, of any epoch.
    """

    losses: tuple[float, ...] = ()
    seconds: tuple[float, ...] = ()
    waited: float = 0.0
    elapsed: float = 0.0
    skipped: int = 0
    skipped_in_a_row: int = 0


@dataclass(frozen=True, slots=True)
class OtherRanks:
    """A resume on another number of ranks: from there on the bits are others than without it."""

    after_step: int
    ranks_before: int
    ranks: int


@dataclass(frozen=True, slots=True)
class Progress:
    """`step` and `epoch` are done; `history` has a row per epoch; `steps_bytes`: length of steps.ndjson.

    `other_ranks`: every change of the number of ranks on the way.
    """

    step: int = 0
    epoch: int = 0
    best: Best | None = None
    epochs_since_best: int = 0
    history: tuple[Mapping[str, object], ...] = ()
    finished: bool = False
    steps_bytes: int = 0
    tally: Tally = field(default_factory=Tally)
    plateau: Plateau = field(default_factory=Plateau)
    other_ranks: tuple[OtherRanks, ...] = ()


def other_ranks_text(change: OtherRanks) -> str:
    """`resumed on 2 ranks after 1 rank from step 40`."""
    now, before = (f"{count} rank{'s' if count > 1 else ''}" for count in (change.ranks, change.ranks_before))
    return f"resumed on {now} after {before} from step {change.after_step}"


def progress_to_plain(progress: Progress) -> dict[str, object]:
    """Plain values for a checkpoint."""
    return asdict(progress)


def progress_from_plain(plain: Mapping[str, Any]) -> Progress:
    """The reverse. Raises TypeError or KeyError when the fields are others."""
    values = dict(plain)
    best, tally, plateau = values.pop("best"), dict(values.pop("tally")), values.pop("plateau")
    other_ranks = values.pop("other_ranks")
    return Progress(
        **{**values, "history": tuple(values["history"])},
        best=None if best is None else Best(**best),
        plateau=Plateau(**plateau),
        other_ranks=tuple(OtherRanks(**change) for change in other_ranks),
        tally=Tally(**{**tally, "losses": tuple(tally["losses"]), "seconds": tuple(tally["seconds"])}),
    )


def judge(best: Best | None, candidate: Best) -> bool:
    """Whether the candidate beats the best so far; a tie goes to the earlier epoch.

    One without a value beats only another without: so the latest counts when nothing is validated.
    """
    if best is None or best.value is None:
        return True
    if candidate.value is None:
        return False
    return candidate.value < best.value if candidate.measure == "val_loss" else candidate.value > best.value


def candidate_of(epoch: int, step: int, auroc: float | None, loss: float | None, *, by: BestBy) -> Best:
    """An epoch as a candidate: by macro AUROC, where that is undefined by loss, without validation just the latest."""
    if by == "last":
        return Best(epoch=epoch, step=step, measure="none", value=None)
    if auroc is not None and by == "val_auroc_macro":
        return Best(epoch=epoch, step=step, measure="val_auroc_macro", value=auroc)
    return Best(epoch=epoch, step=step, measure="none" if loss is None else "val_loss", value=loss)
