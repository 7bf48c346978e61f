"""Gray pixels of DICOM files: a server on stdin and stdout, ended by the end of stdin. Its client is TypeScript.

A frame is four bytes of length, big-endian, and so many bytes. The server first says one frame of JSON: {"ready": true,
"versions"}, when it has decoded an image of its own, or, and then it ends, {"ready": false, "message", "hint"}. Each
request is one frame, a DICOM file. Each answer is two: JSON with "width", "height" and "facts", or with "reason", the
end of a sentence that begins with the file's name, or with "short_of_memory", which says nothing of the file; and then
the gray values, row by row, or nothing. Of what a file says of a person nothing is answered, printed or kept.
"""

import contextlib
import importlib
import importlib.util
import json
import logging
import os
import resource
import signal
import sys
import warnings
from typing import Any, BinaryIO

from chexnet.runtime.process import arm_parent_death_signal

# Modules that only DICOM needs, and what pip calls the packages that bring them.
NEEDED = {"numpy": "numpy", "pydicom": "'pydicom>=3'", "gdcm": "python-gdcm"}

# No radiograph is near this size, and a file is read in one piece.
MAX_FILE_MEGABYTES = 128

# Address space: several times what the largest image allowed takes, and an end for files that unpack without one.
MAX_MEMORY_BYTES = 2 * 2**30

_DISCARD_BYTES = 2**20


def main() -> None:
    requests, answers = _take_streams()
    # Ctrl-C in the terminal reaches this process too; the driver decides what becomes of it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    arm_parent_death_signal()
    _limit_memory()
    with contextlib.suppress(BrokenPipeError):
        problem = _what_is_missing()
        _write_json(answers, _readiness(problem))
        answers.flush()
        if problem is None:
            _serve(requests, answers)
    # What is left in the buffer of a broken pipe would be a complaint at the interpreter's end.
    os._exit(0)


def _serve(requests: BinaryIO, answers: BinaryIO) -> None:
    while (size := _read_size(requests)) is not None:
        if size > MAX_FILE_MEGABYTES * 1e6:
            _discard(requests, size)
            _write_answer(answers, {"reason": f"is larger than {MAX_FILE_MEGABYTES} MB"}, b"")
            continue
        _write_answer(answers, *_answer_to(requests.read(size)))


def _answer_to(data: bytes) -> tuple[dict[str, Any], memoryview | bytes]:
    from chexnet.stages.dicom.element import RefusedError
    from chexnet.stages.dicom.image import gray_image

    try:
        image = gray_image(data)
    except RefusedError as refused:
        return {"reason": refused.reason}, b""
    except MemoryError:
        return {"short_of_memory": True}, b""
    except Exception as error:
        # Its text may quote the file, so only its name goes out.
        return {"reason": f"cannot be understood as DICOM ({type(error).__name__})"}, b""
    height, width = image.pixels.shape
    return {"width": width, "height": height, "facts": image.facts}, image.pixels.data.cast("B")


def _what_is_missing() -> dict[str, str] | None:
    lacking = [module for module in NEEDED if importlib.util.find_spec(module) is None]
    install = f"{sys.executable} -m pip install {' '.join(NEEDED[module] for module in lacking or NEEDED)}"
    if lacking:
        return {
            "message": f"DICOM files need Python packages that are not there: {', '.join(lacking)}",
            "hint": install,
        }
    for module in NEEDED:
        try:
            importlib.import_module(module)
        except Exception as error:
            return {"message": f"DICOM files need {module}, which does not load: {error}", "hint": install}
    version = _versions()["pydicom"]
    if int(version.split(".")[0]) < 3:
        return {"message": f"DICOM files need pydicom 3 or newer; here is {version}", "hint": install}
    if not _decoders_work():
        return {"message": "DICOM files need gdcm, which does not decode an image that is known", "hint": install}
    return None


def _decoders_work() -> bool:
    from chexnet.stages.dicom.self_test import decoders_work

    try:
        return decoders_work()
    except Exception:
        return False


def _readiness(problem: dict[str, str] | None) -> dict[str, Any]:
    return {"ready": True, "versions": _versions()} if problem is None else {"ready": False, **problem}


def _versions() -> dict[str, str]:
    """Of what makes the pixels: decoders of lossy formats differ by a gray value from version to version."""
    pydicom, gdcm = importlib.import_module("pydicom"), importlib.import_module("gdcm")
    own: Any = getattr(gdcm, "Version", None)
    return {"pydicom": str(pydicom.__version__), "gdcm": str(own.GetVersion()) if own is not None else "unknown"}


def _take_streams() -> tuple[BinaryIO, BinaryIO]:
    """Keep stdin and stdout for the frames; whatever else is printed, also by native code, goes nowhere."""
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    os.close(nothing)
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    return requests, answers


def _limit_memory() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    soft = MAX_MEMORY_BYTES if hard == resource.RLIM_INFINITY else min(MAX_MEMORY_BYTES, hard)
    # macOS has the name and not the thing.
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _read_size(requests: BinaryIO) -> int | None:
    head = requests.read(4)
    return int.from_bytes(head, "big") if len(head) == 4 else None


def _discard(requests: BinaryIO, size: int) -> None:
    while size > 0:
        read = len(requests.read(min(size, _DISCARD_BYTES)))
        if read == 0:
            return
        size -= read


def _write_answer(answers: BinaryIO, header: dict[str, Any], pixels: memoryview | bytes) -> None:
    _write_json(answers, header)
    answers.write(len(pixels).to_bytes(4, "big"))
    answers.write(pixels)
    answers.flush()


def _write_json(answers: BinaryIO, value: dict[str, Any]) -> None:
    text = json.dumps(value, allow_nan=False).encode()
    answers.write(len(text).to_bytes(4, "big"))
    answers.write(text)


if __name__ == "__main__":
    main()
