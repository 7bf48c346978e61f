"""Reading a journal while another process writes it."""

import contextlib
import os
from collections import deque
from dataclasses import dataclass, field

# Longer than any line, so that one read always holds a whole one.
_CHUNK_BYTES = 1 << 20


@dataclass(slots=True)
class JournalReader:
    """Whole lines in order, each once; a line that is still being written waits for its end.

    Reading raises OSError when the file cannot be read; it goes on where it was when it is asked again.
    """

    path: str
    # Of the last line that was handed out.
    seq: int = 0
    _pending: deque[bytes] = field(default_factory=deque, init=False, repr=False)
    # Where the file goes on after the pending lines.
    _position: int = field(default=0, init=False, repr=False)
    _descriptor: int | None = field(default=None, init=False, repr=False)

    def read(self, limit: int) -> list[tuple[int, bytes]]:
        """At most `limit` further lines with their sequence numbers, without line ends."""
        lines: list[tuple[int, bytes]] = []
        while len(lines) < limit and (self._pending or self._fill()):
            self.seq += 1
            lines.append((self.seq, self._pending.popleft()))
        return lines

    def skip_to(self, seq: int) -> None:
        """Go to the line after `seq`, also backwards; to the end when the journal is shorter."""
        if seq < self.seq:
            self.seq = self._position = 0
            self._pending.clear()
        while self.seq < seq and self.read(min(4096, seq - self.seq)):
            pass

    def close(self) -> None:
        """Close the file."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            # Nothing was written by it.
            with contextlib.suppress(OSError):
                os.close(descriptor)

    def _fill(self) -> bool:
        if self._descriptor is None:
            try:
                self._descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                return False
        try:
            chunk = os.pread(self._descriptor, _CHUNK_BYTES, self._position)
        except OSError as error:
            self.close()  # A file server that was away may not know it any more.
            raise OSError(error.errno, error.strerror, self.path) from None
        end = chunk.rfind(b"\n") + 1
        self._position += end
        self._pending.extend(chunk[:end].split(b"\n")[:-1])
        return end > 0
