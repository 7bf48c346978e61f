"""A polite request to stop, remembered until the loop has a moment."""

import os
import signal
from dataclasses import dataclass
from types import FrameType

# The shell's way to say that a signal ended the process: 143 for SIGTERM, 130 for SIGINT (Ctrl-C).
_SIGNAL_EXIT = 128


@dataclass(slots=True)
class StopRequest:
    """`signal_number` is None until somebody asked."""

    signal_number: int | None = None

    @property
    def requested(self) -> bool:
        return self.signal_number is not None

    @property
    def exit_code(self) -> int:
        return _SIGNAL_EXIT + (self.signal_number or signal.SIGTERM)


def watch_signals() -> StopRequest:
    """From now on SIGTERM and SIGINT only make a note; a second SIGINT ends the process at once."""
    request = StopRequest()

    def note(number: int, frame: FrameType | None) -> None:
        del frame
        # SIGTERM comes twice under some schedulers.
        if number == signal.SIGINT and request.signal_number == signal.SIGINT:
            os._exit(_SIGNAL_EXIT + number)
        request.signal_number = request.signal_number or number

    signal.signal(signal.SIGTERM, note)
    signal.signal(signal.SIGINT, note)
    return request
