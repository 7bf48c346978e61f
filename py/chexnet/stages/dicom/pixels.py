"""The value of Pixel Data to words: one for each pixel, of which only the stored bits are left."""

from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from pydicom.encaps import get_frame
from pydicom.pixels.decoders.base import get_decoder
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

from chexnet.stages.dicom.codestream import read_codestream
from chexnet.stages.dicom.element import RefusedError
from chexnet.stages.dicom.layout import Layout

Words = NDArray[np.uint8] | NDArray[np.uint16]

COMPRESSED = (
    *(JPEGBaseline8Bit, JPEGExtended12Bit, JPEGLossless, JPEGLosslessSV1),
    *(JPEGLSLossless, JPEGLSNearLossless, JPEG2000Lossless, JPEG2000, RLELossless),
)


def native_words(pixels: bytes, layout: Layout, *, big_endian: bool, in_words: bool) -> Words:
    """Read pixels that are not compressed. `in_words`: 8-bit pixels come in 16-bit words, so big-endian swaps them.

    Raises:
        RefusedError: there are too few bytes.
    """
    count = layout.rows * layout.columns
    expected = count * layout.allocated // 8
    if len(pixels) < expected:
        raise RefusedError(f"has {len(pixels)} of {expected} bytes of pixels")
    if layout.allocated == 16:
        words: Words = np.frombuffer(pixels, ">u2" if big_endian else "<u2", count).astype(np.uint16, copy=False)
    elif big_endian and in_words:
        even = np.frombuffer(pixels, np.uint16, len(pixels) // 2)
        words = even.byteswap().view(np.uint8)[:count]
        if len(words) < count:
            raise RefusedError(f"has {len(words)} of {count} bytes of pixels in whole words")
    else:
        words = np.frombuffer(pixels, np.uint8, count)
    return _stored_bits(words, layout)


def decoded_words(pixels: bytes, syntax: UID, layout: Layout) -> Words:
    """Decode compressed pixels.

    Raises:
        RefusedError: they are damaged, or another image than the elements say.
    """
    if layout.shift != 0:
        raise RefusedError("has compressed pixels that do not begin at bit 0")
    try:
        frame = get_frame(pixels, 0, number_of_frames=1)
    except MemoryError:
        raise
    except Exception:
        raise RefusedError(f"has damaged or cut off {syntax.name} pixels") from None
    precision = _checked_precision(frame, syntax, layout)
    # pydicom keeps GDCM away from JPEG Extended with 12 bits; it decodes what the codestream says.
    called = JPEGLossless if syntax == JPEGExtended12Bit else syntax
    # The same one everywhere, whatever else is installed: decoders of lossy formats differ by a gray value.
    plugin = "pydicom" if syntax == RLELossless else "gdcm"
    options = _options(layout, precision)
    try:
        array, _ = get_decoder(called).as_array(pixels, index=0, raw=True, decoding_plugin=plugin, **options)
    except MemoryError:
        raise
    except Exception:
        raise RefusedError(f"has {syntax.name} pixels that cannot be decoded") from None
    words = cast(Words, array.view(f"u{array.itemsize}"))
    if syntax != RLELossless:
        _refuse_other_bits(words, precision, layout)
    return _stored_bits(words, layout)


def _options(layout: Layout, precision: int) -> dict[str, Any]:
    return {
        "pixel_keyword": "PixelData",
        "rows": layout.rows,
        "columns": layout.columns,
        "samples_per_pixel": 1,
        "number_of_frames": 1,
        "photometric_interpretation": "MONOCHROME2",
        "bits_allocated": layout.allocated,
        # What is declared beyond the truth is cut off, and nothing would be left to check.
        "bits_stored": precision,
        "pixel_representation": int(layout.signed),
        # Signs are put right here, for all syntaxes in one way.
        "correct_unused_bits": False,
        "apply_j2k_sign_correction": False,
        "apply_jls_sign_correction": False,
    }


def _checked_precision(frame: bytes, syntax: UID, layout: Layout) -> int:
    """Bits of a sample in the codestream. One that says it is huge would be decoded as huge."""
    if syntax == RLELossless:
        # At its worst it adds a byte to 128; what is much longer would be unpacked to the end.
        if len(frame) > 2 * layout.rows * layout.columns * layout.allocated // 8 + 1024:
            raise RefusedError("contradicts itself: more RLE data than an image of its size can have")
        return layout.bits
    stream = read_codestream(frame)
    if stream is None:
        raise RefusedError(f"has damaged or cut off {syntax.name} pixels")
    if (stream.columns, stream.rows) != (layout.columns, layout.rows):
        sizes = f"{stream.columns}×{stream.rows} in {layout.columns}×{layout.rows}"
        raise RefusedError(f"contradicts itself: {syntax.name} pixels of another size ({sizes})")
    if stream.components != 1:
        raise RefusedError(f"contradicts itself: {syntax.name} pixels with {stream.components} colours")
    # Fewer bits than declared would leave the sign in another place.
    lowest = layout.bits if layout.signed else 1
    if not lowest <= stream.precision <= layout.allocated:
        depths = f"{stream.precision} bits for {layout.bits}"
        raise RefusedError(f"contradicts itself: {syntax.name} pixels of another depth ({depths})")
    return stream.precision


def _refuse_other_bits(words: Words, precision: int, layout: Layout) -> None:
    """Above the stored bits there may be nothing but their sign, once more: else a value would change without them."""
    if precision <= layout.bits:
        return
    above = (words & ((1 << precision) - 1)) >> layout.bits
    negative = (words >> (layout.bits - 1)) & 1 == 1
    if not np.all((above == 0) | (negative & (above == (1 << (precision - layout.bits)) - 1))):
        raise RefusedError(f"has compressed pixels with more than the {layout.bits} bits it says")


def _stored_bits(words: Words, layout: Layout) -> Words:
    """In native pixels the other bits may hold anything, such as overlays."""
    if layout.bits == layout.allocated:
        return words.reshape(layout.rows, layout.columns)
    mask = words.dtype.type((1 << layout.bits) - 1)
    return cast(Words, (words >> words.dtype.type(layout.shift)) & mask).reshape(layout.rows, layout.columns)
