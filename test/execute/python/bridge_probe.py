"""Functions that misbehave in every way that the bridge must survive."""

import os
import subprocess
import sys
import time
from pathlib import Path

from chexnet.mistakes import UserError

Fields = dict[str, object]


def double(fields: Fields) -> Fields:
    return {"twice": fields["n"] * 2, "text": fields["text"], "pid": os.getpid()}


def big(fields: Fields) -> Fields:
    return {"numbers": list(range(fields["count"]))}


def nan(_: Fields) -> Fields:
    return {"folds": [{"auroc": 0.5}, {"auroc": float("nan")}]}


def odd(_: Fields) -> Fields:
    return {"path": Path(".")}


def fails(_: Fields) -> Fields:
    raise ValueError("bad predictions")


def mistake(_: Fields) -> Fields:
    raise UserError("predictions.csv has no column Mass", "run predict again")


def lacks(_: Fields) -> Fields:
    import a_package_that_nobody_has

    return a_package_that_nobody_has


def leaves(_: Fields) -> Fields:
    sys.exit(3)


def dies(_: Fields) -> Fields:
    print("about to die", file=sys.stderr, flush=True)
    os._exit(9)


def hangs(_: Fields) -> Fields:
    time.sleep(600)
    return {}


def noisy(_: Fields) -> Fields:
    print("noise from Python")
    os.write(1, b"noise from below\n")
    subprocess.run(["echo", "noise from a child"], check=True)
    return {"read": sys.stdin.read()}
