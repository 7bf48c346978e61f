"""Who speaks to an agent, and whose word about its job counts."""

import time
from dataclasses import dataclass, field
from pathlib import Path

_FORGET_SECONDS = 60.0
# They outlast the silence of a network that is cut.
_MAX_FOLDERS = 1000


@dataclass(slots=True)
class Drivers:
    """The drivers that were heard, by the identity of their connection."""

    # Monotonic.
    _heard_at: dict[bytes, float] = field(default_factory=dict, init=False)
    # Of the job that each has asked for last.
    _folders: dict[bytes, Path] = field(default_factory=dict, init=False)
    # Who submitted the job that the agent has, or follows it, or was the last to hear that it has ended.
    _holder: bytes | None = field(default=None, init=False)

    def heard(self, identity: bytes) -> None:
        """It has said something."""
        self._heard_at[identity] = time.monotonic()

    def asked(self, identity: bytes, folder: Path) -> None:
        """It has asked for the job in this folder."""
        self._folders[identity] = folder
        if len(self._folders) > _MAX_FOLDERS:
            del self._folders[next(iter(self._folders))]

    def present(self) -> list[bytes]:
        """Those that are not forgotten, after so long a silence."""
        self._heard_at = {peer: at for peer, at in self._heard_at.items() if time.monotonic() - at < _FORGET_SECONDS}
        return list(self._heard_at)

    def means(self, identity: bytes, folder: Path) -> bool:
        """Whether it may speak of the job in this folder: it has not asked for another one."""
        return self._folders.get(identity, folder) == folder

    def hold(self, identity: bytes | None) -> None:
        """The job is this driver's from now on; None: nobody's, or there is none."""
        self._holder = identity

    def silence(self, other: bytes | None, *, than: bytes | None = None) -> float:
        """Seconds since `other` was heard; infinite when it is nobody, or the one that asks."""
        if other is None or other == than:
            return float("inf")
        return time.monotonic() - self._heard_at.get(other, float("-inf"))

    def silence_of_holder(self, *, than: bytes | None = None) -> float:
        """The same of the driver that the job belongs to."""
        return self.silence(self._holder, than=than)
