"""Files that give no image: each has one reason, which ends a sentence that begins with the file's name."""

import zlib
from typing import Any, cast

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import (
    MPEG2MPML,
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGLosslessSV1,
)

from chexnet.stages.dicom.element import RefusedError, value_of
from chexnet.stages.dicom.image import gray_image
from chexnet.stages.dicom.layout import Layout
from chexnet.stages.dicom.pixels import decoded_words
from tests.dicom_files import compressed, data_set, dicom, look_up_table, ramp, write

# pydicom says of odd files what it thinks of them; the server lets it speak into the void.
pytestmark = pytest.mark.filterwarnings("ignore")


def reason(file: bytes) -> str:
    with pytest.raises(RefusedError) as refused:
        gray_image(file)
    return refused.value.reason


@pytest.mark.parametrize(
    ("file", "told"),
    [
        (b"", "is empty (zero bytes)"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 500, "is not a DICOM file"),
        (b"\0" * 127, "is not a DICOM file"),
        (b"\0" * 128 + b"DICM", "does not say its transfer syntax"),
    ],
)
def test_what_is_no_dicom_file(file: bytes, told: str) -> None:
    assert reason(file) == told


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian])
def test_a_file_that_is_cut_off_within_its_pixels(syntax: UID) -> None:
    file = dicom(ramp(8), syntax=syntax)
    assert reason(file[:-100]) == "has 156 of 256 bytes of pixels"


def test_a_compressed_file_that_is_cut_off() -> None:
    assert reason(compressed(ramp(8), 8, JPEGLosslessSV1)[:-30]) == "is cut off within its pixels"


def test_a_file_that_is_cut_off_before_its_pixels() -> None:
    file = dicom(ramp(8))
    assert reason(file[: file.rindex(b"\xe0\x7f\x10\x00")]) == "has no pixel data"
    assert reason(file[:300]) == "has no pixel data"


def test_a_deflated_file_that_is_cut_off_damaged_or_without_end() -> None:
    file = dicom(ramp(8), syntax=DeflatedExplicitVRLittleEndian)
    assert reason(file[:-20]) == "is cut off within its deflated data"
    start = file.index(b"1.2.840.10008.1.2.1.99") + 22
    start += file[start:].index(zlib_start(file))
    assert reason(file[:start] + b"\xff" * 100) == "has damaged deflated data"
    bomb = zlib.compressobj(wbits=-15)
    packed = b"".join([bomb.compress(b"\0" * 2**20) for _ in range(130)]) + bomb.flush()
    assert reason(file[:start] + packed) == "unpacks to more than 128 MB"


def zlib_start(file: bytes) -> bytes:
    """The first bytes of the deflated part: it is what unpacks to a data set."""
    for place in range(132, len(file)):
        try:
            if zlib.decompress(file[place:], -15).startswith(b"\x08\0"):
                return file[place : place + 8]
        except zlib.error:
            continue
    raise AssertionError("nothing deflated")


def test_a_file_without_an_image() -> None:
    assert reason(write(data_set(ramp(8)), None)) == "has no pixel data"


def test_a_syntax_that_is_not_known_is_not_quoted() -> None:
    file = dicom(ramp(8)).replace(b"1.2.840.10008.1.2.1\0", b"1.2.19520311.4242.1\0")
    assert reason(file) == "has a transfer syntax that is not known"


def test_a_syntax_that_is_not_read() -> None:
    file = write(data_set(ramp(8)), encapsulate([b"film"]), MPEG2MPML)
    assert reason(file) == "has the transfer syntax MPEG2 Main Profile / Main Level, which is not read"


@pytest.mark.parametrize(
    ("elements", "told"),
    [
        ({"PhotometricInterpretation": "RGB", "SamplesPerPixel": 3}, "is no gray image (RGB, 3 samples per pixel)"),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, "is no gray image (PALETTE COLOR, 1 samples per pixel)"),
        ({"SamplesPerPixel": 3}, "is no gray image (MONOCHROME2, 3 samples per pixel)"),
        ({"PhotometricInterpretation": "ZAPHOD"}, "has a PhotometricInterpretation that is not known here"),
        ({"PhotometricInterpretation": None}, "has no PhotometricInterpretation"),
        ({"NumberOfFrames": "2"}, "has 2 frames; only single images are read"),
        ({"NumberOfFrames": "19520311"}, "has no usable number of frames; only single images are read"),
        ({"NumberOfFrames": "0"}, "has 0 frames; only single images are read"),
        ({"Rows": None}, "has no Rows"),
        ({"Rows": 0}, "says that it is 16×0 pixels"),
        ({"Rows": 60000, "Columns": 60000}, "is 60,000×60,000 pixels; more than 16,384 on a side are not read"),
        ({"Rows": 16000, "Columns": 16000}, "is 16,000×16,000 pixels; more than 32 megapixels are not read"),
        ({"Rows": 99}, "has 256 of 1584 bytes of pixels"),
        ({"BitsAllocated": 1, "BitsStored": 1}, "stores 1 bits of a pixel in 1; read are 8 to 16 bits in 8 or 16"),
        ({"BitsAllocated": 32}, "stores 8 bits of a pixel in 32; read are 8 to 16 bits in 8 or 16"),
        ({"BitsStored": 12}, "stores 12 bits of a pixel in 8; read are 8 to 16 bits in 8 or 16"),
        ({"HighBit": 6}, "contradicts itself: 8 bits of 8 with high bit 6 and sign 0"),
        ({"PixelRepresentation": 2}, "contradicts itself: 8 bits of 8 with high bit 7 and sign 2"),
        ({"HighBit": None}, "has no HighBit"),
        ({"RescaleSlope": "0", "RescaleIntercept": "0"}, "has a RescaleSlope of 0"),
        ({"RescaleSlope": "1e-320"}, "has a RescaleSlope that is no usable number"),
        ({"RescaleSlope": "1e-9", "RescaleIntercept": "-9e8"}, "has a RescaleSlope that is no usable number"),
        ({"RescaleSlope": "1e300"}, "has a RescaleSlope that is no usable number"),
        ({"WindowCenter": "5", "WindowWidth": "1e-308"}, "has a WindowWidth that is no usable number"),
        ({"WindowCenter": "5", "WindowWidth": "0"}, "has a LINEAR window of width 0"),
        (
            {"WindowCenter": "5", "WindowWidth": "-2", "VOILUTFunction": "SIGMOID"},
            "has a SIGMOID window of width -2",
        ),
        (
            {"WindowCenter": "5", "WindowWidth": "2", "VOILUTFunction": "CUBIC"},
            "has a VOILUTFunction that is not known here",
        ),
        ({"PixelPaddingValue": [1, 2]}, "has a PixelPaddingValue that is not one whole number"),
        (
            {"PerFrameFunctionalGroupsSequence": Sequence([Dataset()])},
            "is an enhanced image, which says frame by frame how it is shown; these are not read",
        ),
    ],
)
def test_an_image_that_is_not_read(elements: dict[str, Any], told: str) -> None:
    assert reason(dicom(np.zeros((16, 16), np.uint8), **elements)) == told


def test_numbers_that_are_none() -> None:
    file = dicom(ramp(8), WindowCenter="1234", WindowWidth="5678")
    assert reason(file.replace(b"1234", b"DENT")) in (
        "has a damaged WindowCenter",
        "has a WindowCenter that is no number",
    )


@pytest.mark.parametrize(
    ("descriptor", "entries", "told"),
    [
        (None, [0, 1], "has a VOI LUT without a valid LUTDescriptor"),
        ([2, 0], [0, 1], "has a VOI LUT without a valid LUTDescriptor"),
        ([2, 0, 32], [0, 1], "has a VOI LUT of 32 bits; 8 to 16 are read"),
        ([3, 0, 12], [0, 1], "has a VOI LUT with 2 of 3 entries"),
        ([2, 0, 8], [0, 256], "has a VOI LUT with entries of more than the 8 bits it says"),
        ([2, 0, 12], None, "has a VOI LUT without valid LUTData"),
    ],
)
def test_a_damaged_lut(descriptor: list[int] | None, entries: list[int] | None, told: str) -> None:
    item = look_up_table(0, entries or [0], 16)
    item.LUTDescriptor = descriptor
    if entries is None:
        del item["LUTData"]
    assert reason(dicom(ramp(8), VOILUTSequence=Sequence([item]))) == told


class _Exhausted(Dataset):
    """Stands for a machine whose memory is used up just when a value is read."""

    def get(self, *_: Any, **__: Any) -> Any:
        raise MemoryError


def test_want_of_memory_is_not_taken_for_a_damaged_value() -> None:
    with pytest.raises(MemoryError):
        value_of(_Exhausted(), "Rows")


def test_want_of_memory_is_not_taken_for_damaged_pixels() -> None:
    layout = Layout(rows=4, columns=4, allocated=8, bits=8, shift=0, signed=False, inverted=False)
    with pytest.raises(MemoryError):
        decoded_words(cast(bytes, _ExhaustedBytes()), JPEGLosslessSV1, layout)


class _ExhaustedBytes:
    """The same, when pixels are."""

    def __getattr__(self, _: str) -> Any:
        raise MemoryError
