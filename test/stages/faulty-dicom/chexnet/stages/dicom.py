"""Stands in for the server of the same name: does what each request says, a word and what belongs to it."""

import json
import os
import signal
import sys
import time
from pathlib import Path


def main() -> None:
    write({"ready": True, "versions": {"pydicom": "3", "gdcm": "4"}})
    while len(size := sys.stdin.buffer.read(4)) == 4:
        word, _, rest = (
            sys.stdin.buffer.read(int.from_bytes(size, "big")).decode().partition(" ")
        )
        if word == "die":
            os.kill(os.getpid(), int(rest))
        if word == "leave":
            os._exit(int(rest))
        if word == "hang":
            Path(rest).touch()
            signal.pause()
        if word == "meet":
            meet(Path(rest))
        if word == "exhaust":
            Path(rest).touch()
            write({"short_of_memory": True})
            write_frame(b"")
            continue
        if word == "once":
            once(*rest.split(" "))
        write({"reason": f"is answered by {os.getpid()}"})
        write_frame(b"")


def once(mark: str, fault: str) -> None:
    """Fails only where no other process has before."""
    if Path(mark).exists():
        return
    Path(mark).touch()
    if fault == "hang":
        signal.pause()
    os.kill(os.getpid(), int(fault))


def meet(folder: Path) -> None:
    """Waits for another process."""
    (folder / str(os.getpid())).touch()
    while len(list(folder.iterdir())) < 2:
        time.sleep(0.01)


def write(value: object) -> None:
    write_frame(json.dumps(value).encode())


def write_frame(data: bytes) -> None:
    sys.stdout.buffer.write(len(data).to_bytes(4, "big") + data)
    sys.stdout.buffer.flush()


main()
