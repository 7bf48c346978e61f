"""Measures training and writes one record: `python -m tests.bench`, by `npm run bench training`.

Every part has a process of its own; with --tiny most share one, to be quick. Exit codes: 0 measured, whether or not the
goals are met; 1 a part failed; 2 the user's mistake.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from chexnet.accelerators.names import NAMES
from chexnet.runtime.launcher import ALLOCATOR
from tests.bench.goals import goals_of
from tests.bench.order import PARTS, Answer, Order, usual_parts

SCHEMA = "pipeline/bench-training/v1"
_MOST_SECONDS = 900
_USER_MISTAKE = 2


def main() -> int:
    options = _parse()
    begun = time.monotonic()
    load = os.getloadavg()[0]
    print(f"  {options.device}, {', '.join(options.only)}; {load:.1f} programs ran in the last minute", flush=True)
    answers: list[Answer] = []
    with tempfile.TemporaryDirectory(prefix="bench-training-") as scratch:
        for number, parts in enumerate(_shared_out(options.only, tiny=options.tiny)):
            answer = _carry_out(options, parts, Path(scratch, str(number)))
            if answer is None:
                return _USER_MISTAKE
            answers.append(answer)
    record = _record(options, answers, load=load, seconds=time.monotonic() - begun)
    for goal in record["goals"]:
        bound = f"{'at least' if goal['is_least'] else 'at most'} {goal['bound']:,g}"
        print(f"  {'met   ' if goal['met'] else 'missed'} {goal['name']}: {goal['measured']:,.4g} ({bound})")
    for case in record["left_out"]:
        print(f"  not measured: {case['what']}, because {case['why']}")
    if options.out is not None:
        options.out.write_text(json.dumps(record, indent=2) + "\n")
        print(f"  the record: {options.out}")
    return 1 if record["failed"] else 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="npm run bench training --", description="Measure training.")
    parser.add_argument("--only", help=f"parts, with commas between: {', '.join(PARTS)}")
    parser.add_argument("--device", choices=NAMES, default="cpu")
    parser.add_argument("--threads", type=int, help="of a rank; default: one for each core")
    parser.add_argument("--tiny", action="store_true", help="a second of everything, to see that it runs")
    parser.add_argument("--out", type=Path, help="where the record goes; the profiler's trace goes beside it")
    options = parser.parse_args()
    usual = usual_parts(options.device, tiny=options.tiny)
    options.only = usual if options.only is None else tuple(options.only.split(","))
    unknown = [part for part in options.only if part not in PARTS]
    if unknown:
        parser.error(f"no part is called {', '.join(unknown)}; there are {', '.join(PARTS)}")
    if options.out is not None and not options.out.absolute().parent.is_dir():
        parser.error(f"{options.out.absolute().parent} is no folder")
    return options


def _shared_out(parts: Sequence[str], *, tiny: bool) -> list[list[str]]:
    """The parts of each process. `loader` comes last where it is not alone: it keeps its process on one core."""
    if not tiny:
        return [[part] for part in parts]
    return [sorted(parts, key=lambda part: part == "loader")]


def _carry_out(options: argparse.Namespace, parts: list[str], folder: Path) -> Answer | None:
    """None after a mistake of the user's, which has been told."""
    folder.mkdir()
    order = Order(
        parts=parts,
        device=options.device,
        threads=options.threads,
        tiny=options.tiny,
        folder=str(folder),
        trace=None if options.out is None else str(options.out.absolute().with_suffix(".trace.json")),
        answer=str(folder / "answer.json"),
    )
    (folder / "order.json").write_text(json.dumps(order.plain()))
    # As the pipeline starts a training.
    environment = {**ALLOCATOR, "OMP_WAIT_POLICY": "PASSIVE", **os.environ}
    command = [sys.executable, "-m", "tests.bench.part", str(folder / "order.json")]
    try:
        code = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, timeout=_MOST_SECONDS).returncode
    except subprocess.TimeoutExpired:
        return Answer(failed=dict.fromkeys(parts, f"not done within {_MOST_SECONDS} s"))
    if code == _USER_MISTAKE:
        return None
    if code != 0:
        return Answer(failed=dict.fromkeys(parts, f"its process ended with code {code}"))
    return Answer(**json.loads(Path(order.answer).read_text()))


def _record(options: argparse.Namespace, answers: Sequence[Answer], *, load: float, seconds: float) -> dict[str, Any]:
    parts = {name: result for answer in answers for name, result in answer.parts.items()}
    return {
        "schema": SCHEMA,
        "at": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "device": next((answer.device for answer in answers if answer.device), {}),
        "cores": os.cpu_count(),
        "load_before": round(load, 2),
        "tiny": options.tiny,
        "seconds": round(seconds, 1),
        "seconds_by_part": {name: took for answer in answers for name, took in answer.seconds.items()},
        "parts": parts,
        # A tiny measurement says nothing about speed.
        "goals": [] if options.tiny else [goal.plain() for goal in goals_of(parts, device=options.device)],
        "failed": {name: why for answer in answers for name, why in answer.failed.items()},
        "left_out": [case for answer in answers for case in answer.left_out],
    }


if __name__ == "__main__":
    sys.exit(main())
