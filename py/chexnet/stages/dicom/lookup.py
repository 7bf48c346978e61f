"""Look-up tables of DICOM: Modality LUT and VOI LUT."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from chexnet.stages.dicom.element import RefusedError, value_of

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Lookup:
    """`entries[0]` is for the value `first` and all below, the last one for all above. An entry is 0 to 2^bits - 1."""

    first: int
    entries: Values
    bits: int

    @property
    def highest(self) -> int:
        return (1 << self.bits) - 1

    def of(self, values: Values) -> Values:
        places = np.clip(np.floor(values - self.first + 0.5), 0, len(self.entries) - 1)
        return self.entries[places.astype(np.intp)]


def read_lookup(item: Dataset, *, signed: bool, big_endian: bool, what: str) -> Lookup:
    """Read an item of a LUT sequence. `signed`: its first value may be negative; `what` names it in messages.

    Raises:
        RefusedError: it is damaged or contradicts itself.
    """
    descriptor = value_of(item, "LUTDescriptor")
    if isinstance(descriptor, int | str) or descriptor is None or len(descriptor) != 3:
        raise RefusedError(f"has a {what} without a valid LUTDescriptor")
    count, first, bits = (int(number) for number in descriptor)
    # Its type, like that of the pixels, may be given as signed or as unsigned; 0 stands for what 16 bits cannot say.
    count = count % 65536 or 65536
    first = first % 65536
    if signed and first >= 32768:
        first -= 65536
    if not 8 <= bits <= 16:
        raise RefusedError(f"has a {what} of {bits} bits; 8 to 16 are read")
    entries = _entries(_little_endian_bytes(item, big_endian, what), count, bits)
    if len(entries) < count:
        raise RefusedError(f"has a {what} with {len(entries)} of {count} entries")
    if int(entries.max()) >= 1 << bits:
        raise RefusedError(f"has a {what} with entries of more than the {bits} bits it says")
    return Lookup(first=first, entries=entries.astype(np.float64), bits=bits)


def _little_endian_bytes(item: Dataset, big_endian: bool, what: str) -> bytes:
    data = value_of(item, "LUTData")
    if isinstance(data, bytes):
        words = np.frombuffer(data, np.uint16, len(data) // 2)
        return words.byteswap().tobytes() if big_endian else data
    try:
        numbers = np.atleast_1d(np.asarray(data, dtype=np.int64))
    except (TypeError, ValueError):
        raise RefusedError(f"has a {what} without valid LUTData") from None
    return (numbers % 65536).astype("<u2").tobytes()


def _entries(data: bytes, count: int, bits: int) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """Entries of 8 bits come two in a word, or, from older devices, one in a word."""
    if bits == 8 and len(data) < 2 * count:
        return np.frombuffer(data, np.uint8)[:count]
    return np.frombuffer(data, "<u2", len(data) // 2)[:count].astype(np.uint16)
