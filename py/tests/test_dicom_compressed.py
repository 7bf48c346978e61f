"""Compressed DICOM images: what was stored comes back, of lossy syntaxes what another decoder makes of it."""

import struct
from io import BytesIO

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from pydicom.encaps import encapsulate
from pydicom.uid import (
    JPEG2000,
    UID,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from chexnet.stages.dicom.codestream import Codestream, read_codestream
from chexnet.stages.dicom.element import RefusedError
from chexnet.stages.dicom.image import gray_image
from tests.dicom_files import Pixels, compressed, data_set, dicom, encoded, ramp, write

LOSSLESS = [JPEGLossless, JPEGLosslessSV1, JPEGLSLossless, JPEG2000Lossless, RLELossless]


def shown(file: bytes) -> NDArray[np.uint8]:
    return gray_image(file).pixels


def reason(file: bytes) -> str:
    with pytest.raises(RefusedError) as refused:
        gray_image(file)
    return refused.value.reason


def smooth(bits: int) -> Pixels:
    """Waves from the lowest to the highest value, such as lossy codecs like."""
    y, x = np.mgrid[0:60, 0:84]
    wave = (np.sin(x / 11) * np.cos(y / 13) + 1) / 2
    return np.asarray(np.round(wave * ((1 << bits) - 1)), np.uint8 if bits == 8 else np.uint16)


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("bits", [8, 12, 14, 16])
@pytest.mark.parametrize("syntax", LOSSLESS)
def test_a_lossless_syntax_shows_what_no_compression_shows(syntax: UID, bits: int, signed: bool) -> None:
    pixels = ramp(bits, signed)
    file = compressed(pixels, bits, syntax)
    assert gray_image(file).facts["syntax"] == syntax.name
    np.testing.assert_array_equal(shown(file), shown(dicom(pixels, bits)))


@pytest.mark.parametrize("fragments", [1, 3])
def test_a_frame_may_lie_in_several_fragments(fragments: int) -> None:
    pixels = ramp(12)
    file = compressed(pixels, 12, JPEGLosslessSV1, fragments=fragments)
    np.testing.assert_array_equal(shown(file), shown(dicom(pixels, 12)))


@pytest.mark.parametrize("bits", [8, 12])
@pytest.mark.parametrize("syntax", [JPEGLSNearLossless, JPEG2000])
def test_a_lossy_syntax_is_near_what_was_stored(syntax: UID, bits: int) -> None:
    pixels = smooth(bits)
    difference = shown(compressed(pixels, bits, syntax)).astype(int) - shown(dicom(pixels, bits))
    assert abs(difference).max() <= 1


def test_jpeg_baseline_is_what_another_decoder_makes_of_it() -> None:
    stream = BytesIO()
    Image.fromarray(smooth(8)).save(stream, "JPEG", quality=75)
    other = np.asarray(Image.open(stream)).astype(int)
    for syntax in (JPEGBaseline8Bit, JPEGExtended12Bit):
        ours = shown(compressed(smooth(8), 8, syntax, stream.getvalue()))
        # The standard lets decoders differ by one.
        assert abs(ours - other).max() <= 1


def test_jpeg_2000_of_another_encoder_comes_back_unchanged() -> None:
    stream = BytesIO()
    Image.fromarray(smooth(16)).save(stream, "JPEG2000", irreversible=False, no_jp2=True)
    file = compressed(smooth(16), 16, JPEG2000Lossless, stream.getvalue())
    np.testing.assert_array_equal(shown(file), shown(dicom(smooth(16), 16)))


def test_jpeg_extended_with_12_bits_is_exact_where_the_codec_is() -> None:
    levels = np.random.default_rng(1).integers(0, 4096, (5, 7)).astype(np.uint16)
    pixels = np.kron(levels, np.ones((8, 8), np.uint16))
    file = compressed(pixels, 12, JPEGExtended12Bit, flat_blocks(levels))
    np.testing.assert_array_equal(shown(file), shown(dicom(pixels, 12)))


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
def test_jpeg_lossless_of_exactly_the_stored_bits_comes_back_unchanged(bits: int, signed: bool) -> None:
    pixels = ramp(bits, signed)
    patterns = pixels.astype(int) & ((1 << bits) - 1)
    file = compressed(pixels, bits, JPEGLosslessSV1, lossless(patterns, bits))
    np.testing.assert_array_equal(shown(file), shown(dicom(pixels, bits)))


@pytest.mark.parametrize("syntax", [JPEGLosslessSV1, JPEGLSLossless, JPEG2000Lossless])
def test_signed_pixels_in_an_unsigned_codestream_keep_their_sign(syntax: UID) -> None:
    pixels = ramp(12, signed=True)
    patterns = pixels.astype(np.uint16) & 0xFFF
    file = compressed(pixels, 12, syntax, encoded(patterns, 12, syntax))
    np.testing.assert_array_equal(shown(file), shown(dicom(pixels, 12)))


@pytest.mark.parametrize("syntax", [JPEGLosslessSV1, JPEGLSLossless, JPEG2000Lossless])
def test_a_codestream_of_another_size_is_not_decoded(syntax: UID) -> None:
    huge = encoded(np.zeros((300, 400), np.uint8), 8, syntax)
    file = compressed(np.zeros((3, 4), np.uint8), 8, syntax, huge)
    assert reason(file) == f"contradicts itself: {syntax.name} pixels of another size (400×300 in 4×3)"


def test_a_codestream_of_another_depth_is_not_decoded() -> None:
    stream = encoded(ramp(16), 16, JPEGLosslessSV1)
    eight = np.zeros(ramp(16).shape, np.uint8)
    told = reason(compressed(eight, 8, JPEGLosslessSV1, stream))
    assert told == f"contradicts itself: {JPEGLosslessSV1.name} pixels of another depth (16 bits for 8)"
    told = reason(compressed(ramp(16), 12, JPEGLosslessSV1, stream))
    assert told == "has compressed pixels with more than the 12 bits it says"
    told = reason(compressed(ramp(16, signed=True), 16, JPEGLosslessSV1, lossless(ramp(16) >> 4, 12)))
    assert told == f"contradicts itself: {JPEGLosslessSV1.name} pixels of another depth (12 bits for 16)"


def test_colour_in_the_codestream_is_not_decoded() -> None:
    stream = BytesIO()
    Image.new("RGB", (84, 60)).save(stream, "JPEG")
    told = reason(compressed(smooth(8), 8, JPEGBaseline8Bit, stream.getvalue()))
    assert told == f"contradicts itself: {JPEGBaseline8Bit.name} pixels with 3 colours"


@pytest.mark.parametrize("syntax", [*LOSSLESS, JPEGBaseline8Bit])
def test_no_codestream_at_all_is_said_to_be_damaged(syntax: UID) -> None:
    told = reason(compressed(smooth(8), 8, syntax, b"no codestream" * 20))
    wanted = "pixels that cannot be decoded" if syntax == RLELossless else "pixels"
    assert told in (f"has {syntax.name} {wanted}", f"has damaged or cut off {syntax.name} pixels")


def test_encapsulation_that_is_none_is_said_to_be_damaged() -> None:
    file = write(data_set(smooth(8)), encapsulate([b"frame"])[:10], JPEGLosslessSV1)
    assert reason(file) == f"has damaged or cut off {JPEGLosslessSV1.name} pixels"


def test_headers_of_all_codestreams_are_read() -> None:
    for syntax in (JPEGLossless, JPEGLosslessSV1, JPEGLSLossless, JPEG2000Lossless):
        for bits in (8, 16):
            wanted = Codestream(columns=84, rows=60, components=1, precision=bits)
            assert read_codestream(encoded(smooth(bits), bits, syntax)) == wanted
    stream = encoded(smooth(16), 16, JPEGLosslessSV1)
    assert [read_codestream(stream[:size]) for size in range(8)] == [None] * 8


def flat_blocks(levels: Pixels) -> bytes:
    """A 12-bit JPEG of blocks of 8×8 pixels, each of one gray: nothing in it is rounded."""
    rows, columns = levels.shape
    values = (levels.astype(int).ravel() - 2048) * 8
    # A block ends with its first coefficient.
    bits = "".join(coded(step) + "0" for step in np.diff(values, prepend=0).tolist())
    quantization = segment(0xDB, bytes([0] + [1] * 64))
    end_of_block = segment(0xC4, bytes([0x10, 1] + [0] * 15 + [0]))
    frame = segment(0xC1, struct.pack(">BHHBBBB", 12, rows * 8, columns * 8, 1, 1, 0x11, 0))
    return jpeg(quantization + frame + end_of_block, bytes([1, 1, 0, 0, 63, 0]), bits)


def lossless(pixels: Pixels, precision: int) -> bytes:
    """Each pixel is told by its difference from the one to the left, the first of a row from the one above."""
    values = pixels.astype(int)
    left = np.hstack([np.vstack([[[1 << (precision - 1)]], values[:-1, :1]]), values[:, :-1]])
    bits = "".join(coded(step) for step in ((values - left + 32767) % 65536 - 32767).ravel().tolist())
    frame = segment(0xC3, struct.pack(">BHHBBBB", precision, *pixels.shape, 1, 1, 0x11, 0))
    return jpeg(frame, bytes([1, 1, 0, 1, 0, 0]), bits)


def coded(step: int) -> str:
    """A difference: how many bits it has, in five, and these. Of 16 bits there is but one."""
    size = abs(step).bit_length()
    return f"{size:05b}" + (f"{step if step > 0 else step + (1 << size) - 1:0{size}b}" if 0 < size < 16 else "")


def jpeg(header: bytes, scan: bytes, bits: str) -> bytes:
    sizes = segment(0xC4, bytes([0x00, 0, 0, 0, 0, 17] + [0] * 11) + bytes(range(17)))
    bits += "1" * (-len(bits) % 8)
    data = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")
    return b"\xff\xd8" + header + sizes + segment(0xDA, scan) + data + b"\xff\xd9"


def segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content
