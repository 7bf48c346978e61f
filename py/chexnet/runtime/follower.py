"""The driver that follows a job: what of the journal it was sent, and what it has taken."""

import json
from dataclasses import dataclass
from pathlib import Path

from chexnet.runtime.door import Door
from chexnet.runtime.journal import Log, stamped
from chexnet.runtime.protocol import encode_event
from chexnet.runtime.tail import JournalReader

WINDOW = 500


@dataclass(slots=True)
class Follower:
    """One attached driver. `name` is for people.

    What reads the journal raises OSError when it cannot be read, and goes on where it was when called again.
    """

    identity: bytes
    name: str
    reader: JournalReader
    # It has taken every event up to this one before it came; None once the reader is there.
    after: int | None
    acknowledged: int = 0
    # A line that its queue had no room for.
    unsent: tuple[int, bytes] | None = None

    @staticmethod
    def begin(identity: bytes, name: str, journal: Path, *, after: int) -> "Follower":
        """A driver that has taken every event up to `after`."""
        return Follower(identity, name, JournalReader(str(journal)), after)

    def send_lines(self, door: Door, job: str) -> None:
        """As many further lines as the window and the queue have room for."""
        self._skip()
        while self.reader.seq - self.acknowledged < WINDOW or self.unsent is not None:
            if not self._next_line() or self.unsent is None:
                return
            seq, line = self.unsent
            if not door.send(self.identity, encode_event(job, seq, _readable(seq, line))):
                return
            self.unsent = None

    def acknowledge(self, seq: int) -> None:
        """Every event up to `seq` has been taken."""
        self.acknowledged = max(self.acknowledged, seq)

    def has_taken_all(self) -> bool:
        """Whether nothing of the journal is left to be taken."""
        self._skip()
        if self.unsent is not None or self.acknowledged < self.reader.seq:
            return False
        # All that was read is acknowledged; is there more?
        return self.acknowledged > 0 and not self._next_line()

    def close(self) -> None:
        """Close the journal."""
        self.reader.close()

    def _skip(self) -> None:
        if self.after is not None:
            self.reader.skip_to(self.after)
            # Not beyond the end of a journal that is shorter.
            self.after, self.acknowledged = None, self.reader.seq

    def _next_line(self) -> bool:
        if self.unsent is None:
            self.unsent = next(iter(self.reader.read(1)), None)
        return self.unsent is not None


def _readable(seq: int, line: bytes) -> bytes:
    # A damaged line keeps its number, else the driver would wait for it for ever.
    try:
        if isinstance(json.loads(line), dict):
            return line
    except (ValueError, RecursionError):
        pass
    note = Log(rank=0, stream="stderr", line=f"line {seq} of the journal cannot be read")
    return json.dumps(stamped(note, at=0.0)).encode()
