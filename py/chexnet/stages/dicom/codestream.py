"""What the first bytes of a compressed image say of its size: decoders believe them, whatever the file around says."""

import struct
from dataclasses import dataclass

_JPEG_START = b"\xff\xd8"
_J2K_START = b"\xff\x4f\xff\x51"
# A JPEG 2000 codestream may lie in a JP2 file, though DICOM does not want that.
_J2K_SEARCH_BYTES = 4096
# SOF0 to SOF15 without DHT, JPG and DAC, and the one of JPEG-LS.
_FRAME_MARKERS = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}
_STANDALONE_MARKERS = {0x01, *range(0xD0, 0xD9)}


@dataclass(frozen=True, slots=True)
class Codestream:
    """Sizes in pixels; `precision` in bits of a sample."""

    columns: int
    rows: int
    components: int
    precision: int


def read_codestream(data: bytes) -> Codestream | None:
    """Read the header of a JPEG, JPEG-LS or JPEG 2000 codestream; None when it is none or is damaged."""
    try:
        return _read_jpeg(data) if data.startswith(_JPEG_START) else _read_jpeg_2000(data)
    except (struct.error, IndexError):
        return None


def _read_jpeg(data: bytes) -> Codestream | None:
    place = 2
    while data[place] == 0xFF:
        marker = data[place + 1]
        if marker == 0xFF:
            place += 1
        elif marker in _STANDALONE_MARKERS:
            place += 2
        elif marker in _FRAME_MARKERS:
            precision, rows, columns, components = struct.unpack_from(">BHHB", data, place + 4)
            return Codestream(columns=columns, rows=rows, components=components, precision=precision)
        else:
            place += 2 + int(struct.unpack_from(">H", data, place + 2)[0])
    return None


def _read_jpeg_2000(data: bytes) -> Codestream | None:
    start = data.find(_J2K_START, 0, _J2K_SEARCH_BYTES)
    if start < 0:
        return None
    width, height, left, top = struct.unpack_from(">4I", data, start + 8)
    components, depth = struct.unpack_from(">HB", data, start + 40)
    return Codestream(columns=width - left, rows=height - top, components=components, precision=(depth & 0x7F) + 1)
