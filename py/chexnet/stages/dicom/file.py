"""A DICOM file to its stored pixel values. Only the elements that say how pixels are shown are ever looked at."""

import re
import zlib
from dataclasses import dataclass
from io import BytesIO

from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.tag import BaseTag
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from chexnet.stages.dicom.element import RefusedError, value_of
from chexnet.stages.dicom.layout import Layout, layout_of
from chexnet.stages.dicom.pixels import COMPRESSED, Words, decoded_words, native_words

_PREAMBLE_BYTES = 128
_MAGIC = b"DICM"
# A deflated file of this size could unpack to a thousand times as much.
_MAX_UNPACKED_MEGABYTES = 128
_NATIVE = (ImplicitVRLittleEndian, ExplicitVRLittleEndian, DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian)
_KEYWORDS = (
    *("PresentationIntentType", "SamplesPerPixel", "PhotometricInterpretation", "NumberOfFrames", "Rows", "Columns"),
    *("BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "PixelPaddingValue", "PixelPaddingRangeLimit"),
    *("RescaleIntercept", "RescaleSlope", "ModalityLUTSequence", "VOILUTSequence", "WindowCenter", "WindowWidth"),
    *("VOILUTFunction", "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence", "PixelData"),
)


@dataclass(frozen=True, slots=True)
class StoredImage:
    """Pixels as they are stored, of shape (rows, columns) and the lowest `layout.bits` only, and what they mean."""

    words: Words
    layout: Layout
    syntax: UID
    data: Dataset


def read_stored_image(file: bytes) -> StoredImage:
    """Read a single gray image from the bytes of a DICOM file.

    Raises:
        RefusedError: there is no such image in it, or it is larger than radiographs are.
    """
    syntax, data = _read_elements(file)
    layout = layout_of(data)
    pixels = value_of(data, "PixelData")
    if not isinstance(pixels, bytes):
        raise RefusedError("has damaged pixel data")
    if syntax in COMPRESSED:
        words = decoded_words(pixels, syntax, layout)
    else:
        in_words = data["PixelData"].VR == "OW"
        words = native_words(pixels, layout, big_endian=not syntax.is_little_endian, in_words=in_words)
    return StoredImage(words, layout, syntax, data)


def _read_elements(file: bytes) -> tuple[UID, Dataset]:
    if file[_PREAMBLE_BYTES : _PREAMBLE_BYTES + len(_MAGIC)] != _MAGIC:
        raise RefusedError("is empty (zero bytes)" if file == b"" else "is not a DICOM file")
    stream = BytesIO(file)
    stream.seek(_PREAMBLE_BYTES + len(_MAGIC))
    syntax = _read_syntax(stream)
    body = file
    if syntax == DeflatedExplicitVRLittleEndian:
        body = _inflated(file[stream.tell() :])
        stream = BytesIO(body)
    tags = [BaseTag(tag) for keyword in _KEYWORDS if (tag := tag_for_keyword(keyword)) is not None]
    implicit, little = syntax == ImplicitVRLittleEndian, syntax != ExplicitVRBigEndian
    data = read_dataset(stream, implicit, little, specific_tags=list(tags))
    if "PixelData" not in data:
        begins = b"\xe0\x7f\x10\x00" if little else b"\x7f\xe0\x00\x10"
        raise RefusedError("is cut off within its pixels" if begins in body else "has no pixel data")
    return syntax, data


def _read_syntax(stream: BytesIO) -> UID:
    """Leaves the stream where the data set begins."""
    meta = read_dataset(stream, False, True, stop_when=lambda tag, *_: tag.group != 2)
    name = value_of(meta, "TransferSyntaxUID")
    if not isinstance(name, str) or re.fullmatch(r"[0-9.]{1,64}", name) is None:
        raise RefusedError("does not say its transfer syntax")
    syntax = UID(name)
    if syntax not in _NATIVE and syntax not in COMPRESSED:
        # What is not known may be anything, also a date or a number of a person.
        raise RefusedError(
            f"has the transfer syntax {syntax.name}, which is not read"
            if syntax.name != str(syntax)
            else "has a transfer syntax that is not known"
        )
    return syntax


def _inflated(packed: bytes) -> bytes:
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    limit = _MAX_UNPACKED_MEGABYTES * 10**6
    try:
        body = unpacker.decompress(packed, limit)
    except zlib.error:
        raise RefusedError("has damaged deflated data") from None
    if unpacker.eof:
        return body
    if len(body) == limit:
        raise RefusedError(f"unpacks to more than {_MAX_UNPACKED_MEGABYTES} MB")
    raise RefusedError("is cut off within its deflated data")
