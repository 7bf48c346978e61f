"""Carries out parts of the measurement in this process: `python -m tests.bench.part ORDER.json`, for __main__.

Exit codes: 0 when it ran to its end, failed parts included, of which the answer tells; 2 the user's mistake.
"""

import json
import os
import sys
import time
import traceback
from dataclasses import asdict
from pathlib import Path

from chexnet.accelerators.environment import prepare_environment
from chexnet.mistakes import UserError
from chexnet.runtime.process import die_with_parent
from tests.bench.order import Answer, Order


def main() -> int:
    die_with_parent()
    prepare_environment(os.environ)
    order = Order(**json.loads(Path(sys.argv[1]).read_text()))
    try:
        answer = _carry_out(order)
    except UserError as mistake:
        hint = "" if mistake.hint is None else f"\n  {mistake.hint}"
        print(f"error: {mistake.user_message}{hint}", file=sys.stderr)
        return 2
    Path(order.answer).write_text(json.dumps(asdict(answer)))
    return 0


def _carry_out(order: Order) -> Answer:
    # Only now: torch reads the environment when it is imported.
    from tests.bench.measure import MEASURES
    from tests.bench.site import Site
    from tests.bench.sizes import sizes_for
    from tests.bench.words import lines_of

    sizes = sizes_for(order.device, tiny=order.tiny)
    trace = None if order.trace is None else Path(order.trace)
    site = Site(Path(order.folder), order.device, order.threads, sizes.images, trace)
    answer = Answer(device=site.facts(), left_out=site.left_out)
    for part in order.parts:
        begun = time.monotonic()
        try:
            answer.parts[part] = result = MEASURES[part](site, sizes)
        except Exception as error:
            traceback.print_exc()
            answer.failed[part] = str(error).partition("\n")[0] or type(error).__name__
            continue
        answer.seconds[part] = round(time.monotonic() - begun, 1)
        for line in lines_of(result):
            print(f"  {part:14}{line}", flush=True)
    return answer


if __name__ == "__main__":
    sys.exit(main())
