"""Stored values of a DICOM image to the gray values that a person would be shown.

In the order of the standard: stored value, Modality LUT or rescale, VOI LUT or window, inversion of MONOCHROME1. Each
step is a function of one pixel, so all are applied once to the table of all stored values, never to the image.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chexnet.stages.dicom.element import RefusedError, first_number, items, whole_or_none, word
from chexnet.stages.dicom.file import StoredImage, read_stored_image
from chexnet.stages.dicom.lookup import Values, read_lookup

WHITE = 255
# Beside an intercept of 1; with less, different values would become the same number.
_LEAST_SLOPE = 1e-12
# Indexing turns its index into 64-bit numbers: a piece at a time.
_PIXELS_AT_ONCE = 2**20


@dataclass(frozen=True, slots=True)
class GrayImage:
    """`pixels` has the shape (rows, columns); `facts` are technical: nothing of a person is among them."""

    pixels: NDArray[np.uint8]
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Scaled:
    """A value for each stored one, and the lowest and highest that there can be."""

    values: Values
    low: float
    high: float


def gray_image(file: bytes) -> GrayImage:
    """Read a DICOM file and show it in 0 (black) to 255.

    The range that a VOI LUT or window gives is spread over 0 to 255; without one, the range that the stored bits can
    have. Fractions are rounded half up. Pixels of padding are 0. 8-bit MONOCHROME2 without any of this stays as it is.

    Raises:
        RefusedError: there is no such image in it.
    """
    stored = read_stored_image(file)
    modality, modality_step = _modality(stored)
    shown, voi_step = _values_of_interest(stored, modality)
    if stored.layout.inverted:
        shown = WHITE - shown
    table = np.floor(shown + 0.5).astype(np.uint8)
    padding = _padding(stored)
    if padding is not None:
        table[padding] = 0
    facts = {
        "photometric": "MONOCHROME1" if stored.layout.inverted else "MONOCHROME2",
        "bits": stored.layout.bits,
        "signed": stored.layout.signed,
        "syntax": stored.syntax.name,
        "modality": modality_step,
        "voi": voi_step,
        "padding": padding is not None,
        "intent": word(stored.data, "PresentationIntentType", ("FOR PRESENTATION", "FOR PROCESSING")),
    }
    return GrayImage(_looked_up(table, stored.words), facts)


def _stored_values(stored: StoredImage) -> Values:
    """What each pattern of the stored bits means as a number."""
    bits = stored.layout.bits
    values = np.arange(1 << bits, dtype=np.float64)
    if stored.layout.signed:
        values[1 << (bits - 1) :] -= 1 << bits
    return values


def _modality(stored: StoredImage) -> tuple[Scaled, str | None]:
    values = _stored_values(stored)
    tables = items(stored.data, "ModalityLUTSequence")
    if tables:
        signed, big_endian = stored.layout.signed, not stored.syntax.is_little_endian
        lookup = read_lookup(tables[0], signed=signed, big_endian=big_endian, what="Modality LUT")
        return Scaled(lookup.of(values), 0, lookup.highest), "LUT"
    slope, intercept = first_number(stored.data, "RescaleSlope"), first_number(stored.data, "RescaleIntercept")
    if slope is None and intercept is None:
        return Scaled(values, values.min(), values.max()), None
    if slope == 0:
        raise RefusedError("has a RescaleSlope of 0")
    if slope is not None and abs(slope) < _LEAST_SLOPE * max(1, abs(intercept or 0)):
        raise RefusedError("has a RescaleSlope that is no usable number")
    values = values * (1 if slope is None else slope) + (intercept or 0)
    return Scaled(values, values.min(), values.max()), "rescale"


def _values_of_interest(stored: StoredImage, modality: Scaled) -> tuple[Values, str | None]:
    """From 0 to 255, not yet rounded. Of several LUTs or windows the first; a LUT goes before a window."""
    tables = items(stored.data, "VOILUTSequence")
    if tables:
        big_endian = not stored.syntax.is_little_endian
        lookup = read_lookup(tables[0], signed=modality.low < 0, big_endian=big_endian, what="VOI LUT")
        return lookup.of(modality.values) * WHITE / lookup.highest, "LUT"
    center, width = first_number(stored.data, "WindowCenter"), first_number(stored.data, "WindowWidth")
    if center is None or width is None:
        return (modality.values - modality.low) * WHITE / (modality.high - modality.low), None
    function = word(stored.data, "VOILUTFunction", ("LINEAR", "LINEAR_EXACT", "SIGMOID")) or "LINEAR"
    if width < 1 if function == "LINEAR" else width <= 0:
        raise RefusedError(f"has a {function} window of width {width:g}")
    return _windowed(modality.values, center, width, function), function


def _windowed(values: Values, center: float, width: float, function: str) -> Values:
    """The functions of C.11.2.1.2 and C.11.2.1.3, each with one division at the end: whole numbers stay exact."""
    if function == "SIGMOID":
        with np.errstate(over="ignore"):
            return WHITE / (1 + np.exp(-4 * (values - center) / width))
    if function == "LINEAR_EXACT":
        return np.clip((values - (center - width / 2)) * WHITE / width, 0, WHITE)
    above = values - (center - 0.5 - (width - 1) / 2)
    if width == 1:
        return np.where(above > 0, float(WHITE), 0.0)
    return np.clip(above * WHITE / (width - 1), 0, WHITE)


def _padding(stored: StoredImage) -> NDArray[np.bool_] | None:
    """Which stored values stand for no image at all; None when there are none."""
    value, limit = whole_or_none(stored.data, "PixelPaddingValue"), whole_or_none(stored.data, "PixelPaddingRangeLimit")
    if value is None:
        return None
    ends = [_as_stored(end, stored) for end in (value, value if limit is None else limit)]
    values = _stored_values(stored)
    return (values >= min(ends)) & (values <= max(ends))


def _as_stored(number: int, stored: StoredImage) -> int:
    """Its type may be given as signed or as unsigned, whatever the pixels are."""
    word = number % (1 << 16)
    return word - (1 << 16) if stored.layout.signed and word >= 1 << 15 else word


def _looked_up(table: NDArray[np.uint8], words: NDArray[np.uint8] | NDArray[np.uint16]) -> NDArray[np.uint8]:
    pixels = np.empty(words.shape, np.uint8)
    flat_words, flat_pixels = words.reshape(-1), pixels.reshape(-1)
    for start in range(0, len(flat_words), _PIXELS_AT_ONCE):
        piece = slice(start, start + _PIXELS_AT_ONCE)
        flat_pixels[piece] = table[flat_words[piece]]
    return pixels
