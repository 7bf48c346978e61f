"""The Python end of the bridge: JSON text in, JSON text out, whatever the called function does.

Loaded by path into a process whose standard streams are the driver's own: nothing may be written to them, since the
driver prints JSON documents on its stdout and draws on its stderr.
"""

import importlib
import json
import math
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from chexnet.runtime.failure import error_of
from chexnet.runtime.process import arm_parent_death_signal


def call_json(name: str, text: str, log: str) -> str:
    """Call `module:function` with the object in `text`. What it prints goes to the end of the file `log`.

    Returns {"ok": true, "value": …} or {"ok": false, "error": {type, message, traceback, hint}}. Never raises.
    """
    _redirect(log)
    try:
        module, _, function = name.partition(":")
        called: Callable[[Any], Any] = getattr(importlib.import_module(module), function)
        value = called(json.loads(text))
        _refuse_non_finite(value, "", name)
        return json.dumps({"ok": True, "value": value}, allow_nan=False, default=_refuse)
    except BaseException as raised:  # a SystemExit must not end the bridge either
        error = error_of(raised)
        fields = {"type": error.type, "message": error.message, "traceback": error.traceback, "hint": error.hint}
        return json.dumps({"ok": False, "error": fields})
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


def _refuse_non_finite(value: object, path: str, name: str) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{name} returned {value} at {path.lstrip('.') or 'its top'}, which JSON cannot carry")
    if isinstance(value, dict):
        for key, entry in value.items():
            _refuse_non_finite(entry, f"{path}.{key}", name)
    if isinstance(value, list | tuple):
        for index, entry in enumerate(value):
            _refuse_non_finite(entry, f"{path}[{index}]", name)


def _refuse(value: object) -> NoReturn:
    # Named here because the bridge replaces the encoder's own refusal by one that turns objects into references.
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def _redirect(path: str) -> None:
    """Point stdout and stderr of the whole process, native code included, at the end of a file."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    for stream in (1, 2):
        os.dup2(descriptor, stream)
    os.close(descriptor)


def _detach() -> None:
    _redirect(os.devnull)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    # Ctrl-C in the terminal reaches this process too; the driver decides what becomes of it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    arm_parent_death_signal()


if __name__ != "__main__" and "NODE_CHANNEL_FD" in os.environ:
    _detach()
