"""The server of DICOM images as a process, with frames in and out as its client has them."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).parents[1]
COMMAND = [sys.executable, "-m", "chexnet.stages.dicom"]
ENVIRONMENT = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}


class Server:
    """One process; `said` is all that it ever wrote."""

    def __init__(self, memory: int | None = None) -> None:
        pipe = subprocess.PIPE
        limit = [] if memory is None else ["prlimit", f"--as={memory}"]
        command = [*limit, *COMMAND]
        self.process = subprocess.Popen(command, cwd=SOURCE, env=ENVIRONMENT, stdin=pipe, stdout=pipe, stderr=pipe)
        self.said = b""
        self.ready = json.loads(self.frame())

    def frame(self) -> bytes:
        assert self.process.stdout is not None
        size = self.process.stdout.read(4)
        content = self.process.stdout.read(int.from_bytes(size, "big"))
        self.said += size + content
        return content

    def send(self, data: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def ask(self, file: bytes) -> tuple[dict[str, Any], bytes]:
        self.send(len(file).to_bytes(4, "big") + file)
        return json.loads(self.frame()), self.frame()

    def close(self) -> tuple[bytes, bytes]:
        rest = self.process.communicate(timeout=30)
        assert self.process.returncode == 0
        return rest
