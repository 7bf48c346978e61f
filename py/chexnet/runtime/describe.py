"""Job events as text, for a job that is started by hand and has no journal."""

from collections.abc import Mapping


def describe(event: Mapping[str, object]) -> str | None:
    """One line for people, or None for an event that they need not see. Takes a written event (see stamped)."""
    match event.get("type"):
        case "device":
            return _device(event)
        case "log":
            return f"[rank {event.get('rank')}] {event.get('line')}"
        case "warning":
            return f"warning: {event.get('text')}"
        case "progress":
            return f"{event.get('done')}/{event.get('total')} {event.get('unit')}"
        case "epoch":
            return _epoch(event)
        case "checkpoint":
            return f"checkpoint at step {event.get('step')}: {event.get('path')}"
        case "summary":
            return _summary(event)
        case _:
            return None


def _device(event: Mapping[str, object]) -> str:
    resumed = event.get("resumed_from_step")
    tail = "" if resumed is None else f", resumed from step {resumed}"
    before = event.get("resumed_from_ranks")
    if before is not None and before != event.get("ranks"):
        tail += f" of {before} rank{'s' if before != 1 else ''}: not bit-equal"
    return (
        f"{event.get('ranks')} × {event.get('name')} ({event.get('description')}; {event.get('because')}), "
        f"torch {event.get('torch')}{tail}"
    )


def _epoch(event: Mapping[str, object]) -> str:
    metrics = event.get("metrics")
    if not isinstance(metrics, Mapping):
        return f"epoch {event.get('epoch')}/{event.get('of')}"
    parts = [
        f"epoch {event.get('epoch')}/{event.get('of')}",
        f"train loss {_number(metrics.get('train_loss'), 4)}",
        f"val loss {_number(metrics.get('val_loss'), 4)}",
        f"val AUROC {_number(metrics.get('val_auroc_macro'), 4)}",
        f"{_number(metrics.get('images_per_second'), 1)} images/s",
        f"{_number(metrics.get('seconds'), 1)} s",
    ]
    return "  ".join(parts) + ("  best so far" if metrics.get("is_best") else "")


def _summary(event: Mapping[str, object]) -> str:
    facts = event.get("facts")
    if not isinstance(facts, Mapping):
        return "done"
    return "done: " + ", ".join(f"{key} {_number(value, 4)}" for key, value in facts.items())


def _number(value: object, digits: int) -> str:
    if value is None:
        return "undefined"
    return f"{value:.{digits}f}" if isinstance(value, float) else str(value)
