"""Gray values of DICOM images against formulas of the standard, computed here pixel by pixel in exact fractions."""

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.sequence import Sequence
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from chexnet.stages.dicom.image import gray_image
from tests.dicom_files import Pixels, dicom, look_up_table, ramp

Formula = Callable[[Fraction], Fraction]


def shown(file: bytes) -> NDArray[np.uint8]:
    return gray_image(file).pixels


def expected(pixels: Pixels, formula: Formula) -> NDArray[np.uint8]:
    """`formula` is from a stored value to 0…1; the result is 0…255, rounded half up."""
    grays = [rounded(255 * formula(Fraction(value))) for value in pixels.ravel().tolist()]
    return np.array(grays, np.uint8).reshape(pixels.shape)


def rounded(value: Fraction) -> int:
    return math.floor(value + Fraction(1, 2))


def linear(center: float, width: float) -> Formula:
    """C.11.2.1.2.1, as it stands there."""

    def formula(x: Fraction) -> Fraction:
        c, w = Fraction(center), Fraction(width)
        half = Fraction(1, 2)
        if x <= c - half - (w - 1) / 2:
            return Fraction(0)
        if x > c - half + (w - 1) / 2:
            return Fraction(1)
        return (x - (c - half)) / (w - 1) + half

    return formula


def linear_exact(center: float, width: float) -> Formula:
    """C.11.2.1.3.2."""

    def formula(x: Fraction) -> Fraction:
        c, w = Fraction(center), Fraction(width)
        if x <= c - w / 2:
            return Fraction(0)
        return Fraction(1) if x > c + w / 2 else (x - c) / w + Fraction(1, 2)

    return formula


def sigmoid(center: float, width: float) -> Formula:
    """C.11.2.1.3.1, 1 / (1 + exp(-4 (x - c) / w)), by way of another function."""
    return lambda x: Fraction((1 + math.tanh(2 * (float(x) - center) / width)) / 2)


def full_range(bits: int) -> Formula:
    return lambda x: x / ((1 << bits) - 1)


def test_8_bit_monochrome2_without_tables_stays_as_it_is() -> None:
    pixels = ramp(8)
    np.testing.assert_array_equal(shown(dicom(pixels)), pixels)


def test_8_bit_monochrome1_is_inverted() -> None:
    pixels = ramp(8)
    np.testing.assert_array_equal(shown(dicom(pixels, PhotometricInterpretation="MONOCHROME1")), 255 - pixels)


@pytest.mark.parametrize("bits", [10, 12, 14, 15, 16])
def test_without_tables_the_range_of_the_stored_bits_is_shown(bits: int) -> None:
    pixels = ramp(bits)
    np.testing.assert_array_equal(shown(dicom(pixels, bits)), expected(pixels, full_range(bits)))


@pytest.mark.parametrize("bits", [8, 12, 16])
def test_signed_pixels_begin_at_their_lowest_value(bits: int) -> None:
    pixels = ramp(bits, signed=True)
    lowest = 1 << (bits - 1)
    wanted = expected(pixels, lambda x: full_range(bits)(x + lowest))
    np.testing.assert_array_equal(shown(dicom(pixels, bits)), wanted)


def test_bits_that_are_not_stored_do_not_count() -> None:
    pixels = ramp(12)
    overlays = (np.arange(pixels.size).reshape(pixels.shape) % 16 << 12).astype(np.uint16)
    np.testing.assert_array_equal(shown(dicom(pixels | overlays, 12)), expected(pixels, full_range(12)))


def test_the_high_bit_says_where_the_stored_bits_are() -> None:
    pixels = ramp(12)
    file = dicom(pixels << 4 | 5, 12, HighBit=15)
    np.testing.assert_array_equal(shown(file), expected(pixels, full_range(12)))


@pytest.mark.parametrize(("slope", "intercept"), [("-1", "4095"), ("0.5", "-1000"), ("2", "-1024"), ("1", "0")])
def test_a_rescale_alone_changes_the_direction_and_not_the_range(slope: str, intercept: str) -> None:
    pixels = ramp(12)
    wanted = expected(pixels, lambda x: x / 4095 if float(slope) > 0 else 1 - x / 4095)
    np.testing.assert_array_equal(shown(dicom(pixels, 12, RescaleSlope=slope, RescaleIntercept=intercept)), wanted)


@pytest.mark.parametrize(
    ("function", "center", "width"),
    [
        *((None, center, width) for center, width in [(2048, 4096), (100, 257), (2047.5, 1000), (600, 2), (3000.5, 1)]),
        *(("LINEAR", center, width) for center, width in [(40, 400), (-100, 512), (5000, 300)]),
        *(("LINEAR_EXACT", center, width) for center, width in [(2048, 4096), (127, 256), (1000, 0.5), (2000, 1)]),
    ],
)
def test_a_window_is_exact_to_the_last_rounding(function: str | None, center: float, width: float) -> None:
    pixels = ramp(12)
    formula = linear_exact if function == "LINEAR_EXACT" else linear
    elements: dict[str, Any] = {"VOILUTFunction": function} if function else {}
    file = dicom(pixels, 12, WindowCenter=str(center), WindowWidth=str(width), **elements)
    np.testing.assert_array_equal(shown(file), expected(pixels, formula(center, width)))


@pytest.mark.parametrize(("center", "width"), [(2048, 1000), (0, 4096), (9000, 10)])
def test_a_sigmoid_window_follows_its_curve(center: float, width: float) -> None:
    pixels = ramp(12)
    file = dicom(pixels, 12, WindowCenter=str(center), WindowWidth=str(width), VOILUTFunction="SIGMOID")
    np.testing.assert_array_equal(shown(file), expected(pixels, sigmoid(center, width)))


def test_a_window_is_of_rescaled_values() -> None:
    pixels = ramp(12, signed=True)
    file = dicom(pixels, 12, RescaleSlope="2", RescaleIntercept="-1024", WindowCenter="-600", WindowWidth="1500")
    np.testing.assert_array_equal(shown(file), expected(pixels, lambda x: linear(-600, 1500)(2 * x - 1024)))


def test_of_several_windows_the_first_is_shown() -> None:
    pixels = ramp(12)
    file = dicom(pixels, 12, WindowCenter=["1000", "2000"], WindowWidth=["800", "100"])
    np.testing.assert_array_equal(shown(file), expected(pixels, linear(1000, 800)))


def test_an_empty_window_is_none() -> None:
    pixels = ramp(12)
    file = dicom(pixels, 12, WindowCenter="", WindowWidth="")
    np.testing.assert_array_equal(shown(file), expected(pixels, full_range(12)))


def test_monochrome1_is_inverted_after_its_window() -> None:
    pixels = ramp(12)
    file = dicom(pixels, 12, PhotometricInterpretation="MONOCHROME1", WindowCenter="1500", WindowWidth="901")
    np.testing.assert_array_equal(shown(file), expected(pixels, lambda x: 1 - linear(1500, 901)(x)))


def curve(count: int, bits: int) -> list[int]:
    return [round(((1 << bits) - 1) * (place / (count - 1)) ** 2) for place in range(count)]


def looked_up(table: list[int], first: int, bits: int) -> Formula:
    last = len(table) - 1
    return lambda x: Fraction(table[min(max(math.floor(x + Fraction(1, 2)) - first, 0), last)], (1 << bits) - 1)


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
def test_a_voi_lut_is_spread_over_its_own_range_and_held_at_its_ends(bits: int) -> None:
    pixels, table = ramp(12), curve(1000, bits)
    file = dicom(pixels, 12, VOILUTSequence=Sequence([look_up_table(500, table, bits)]))
    np.testing.assert_array_equal(shown(file), expected(pixels, looked_up(table, 500, bits)))


def test_a_voi_lut_goes_before_a_window_and_the_first_before_others() -> None:
    pixels, table = ramp(12), curve(4096, 12)
    tables = Sequence([look_up_table(0, table, 12), look_up_table(0, table[::-1], 12)])
    file = dicom(pixels, 12, VOILUTSequence=tables, WindowCenter="100", WindowWidth="50")
    np.testing.assert_array_equal(shown(file), expected(pixels, looked_up(table, 0, 12)))


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
@pytest.mark.parametrize("signed", [True, False])
def test_a_voi_lut_may_begin_below_zero(syntax: UID, signed: bool) -> None:
    # Not signed pixels: the rescale makes them so.
    pixels, table = ramp(12, signed=signed), curve(3000, 12)
    rescale: dict[str, Any] = {} if signed else {"RescaleSlope": "1", "RescaleIntercept": "-2048"}
    item = look_up_table(-1500, table, 12)
    file = dicom(pixels, 12, syntax, VOILUTSequence=Sequence([item]), **rescale)
    shift = 0 if signed else 2048
    wanted = expected(pixels, lambda x: looked_up(table, -1500, 12)(x - shift))
    np.testing.assert_array_equal(shown(file), wanted)


@pytest.mark.parametrize("packed", [True, False])
def test_entries_of_8_bits_may_lie_one_or_two_in_a_word(packed: bool) -> None:
    pixels, table = ramp(8), curve(255, 8)
    file = dicom(pixels, VOILUTSequence=Sequence([look_up_table(0, table, 8, packed=packed)]))
    np.testing.assert_array_equal(shown(file), expected(pixels, looked_up(table, 0, 8)))


def test_a_lut_of_65536_entries_says_0() -> None:
    pixels, table = ramp(16), curve(65536, 16)
    file = dicom(pixels, VOILUTSequence=Sequence([look_up_table(0, table, 16)]))
    np.testing.assert_array_equal(shown(file), expected(pixels, looked_up(table, 0, 16)))


def test_a_modality_lut_alone_is_spread_over_its_range() -> None:
    pixels, table = ramp(12), curve(4096, 16)
    file = dicom(pixels, 12, ModalityLUTSequence=Sequence([look_up_table(0, table, 16)]))
    np.testing.assert_array_equal(shown(file), expected(pixels, looked_up(table, 0, 16)))


def test_a_window_is_of_what_the_modality_lut_gives() -> None:
    pixels, table = ramp(12), curve(4096, 16)
    sequence = Sequence([look_up_table(0, table, 16)])
    file = dicom(pixels, 12, ModalityLUTSequence=sequence, WindowCenter="20000", WindowWidth="30000")
    wanted = expected(pixels, lambda x: linear(20000, 30000)(Fraction(table[int(x)])))
    np.testing.assert_array_equal(shown(file), wanted)


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_padding_is_black(photometric: str) -> None:
    pixels = ramp(12)
    file = dicom(pixels, 12, PhotometricInterpretation=photometric, PixelPaddingValue=4095)
    inverted = photometric == "MONOCHROME1"
    wanted = expected(pixels, lambda x: 1 - x / 4095 if inverted else x / 4095)
    np.testing.assert_array_equal(shown(file), np.where(pixels == 4095, 0, wanted))


@pytest.mark.parametrize("ends", [(3000, 4095), (4095, 3000)])
def test_padding_may_be_a_range(ends: tuple[int, int]) -> None:
    pixels = ramp(12)
    file = dicom(pixels, 12, PixelPaddingValue=ends[0], PixelPaddingRangeLimit=ends[1])
    wanted = expected(pixels, full_range(12))
    np.testing.assert_array_equal(shown(file), np.where(pixels >= 3000, 0, wanted))


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_padding_of_signed_pixels_is_signed(syntax: UID) -> None:
    pixels = ramp(16, signed=True)
    file = dicom(pixels, 16, syntax, PixelPaddingValue=-2000, WindowCenter="0", WindowWidth="5000")
    wanted = expected(pixels, linear(0, 5000))
    np.testing.assert_array_equal(shown(file), np.where(pixels == -2000, 0, wanted))


@pytest.mark.parametrize("bits", [8, 12])
@pytest.mark.parametrize(
    "syntax",
    [ImplicitVRLittleEndian, ExplicitVRLittleEndian, DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian],
)
def test_the_order_of_bytes_makes_no_difference(syntax: UID, bits: int) -> None:
    # An odd number of pixels: 8-bit ones in words have one byte of padding, which is swapped too.
    pixels = ramp(bits)[:5, :7].copy()
    sequence = Sequence([look_up_table(0, curve(256, 8), 8)])
    wanted = expected(pixels, looked_up(curve(256, 8), 0, 8))
    for vr in ["OW", "OB"] if bits == 8 else ["OW"]:
        item = sequence[0]
        if syntax == ExplicitVRBigEndian:
            item.LUTData = np.array(curve(256, 8), np.uint8).view(np.uint16).byteswap().tobytes()
        file = dicom(pixels, bits, syntax, vr, VOILUTSequence=sequence)
        np.testing.assert_array_equal(shown(file), wanted)


def test_the_facts_say_what_was_done() -> None:
    elements: dict[str, Any] = {"RescaleSlope": "1", "RescaleIntercept": "0", "PixelPaddingValue": 0}
    windowed = dicom(
        ramp(12), 12, WindowCenter="9", WindowWidth="9", PhotometricInterpretation="MONOCHROME1", **elements
    )
    assert gray_image(windowed).facts == {
        "photometric": "MONOCHROME1",
        "bits": 12,
        "signed": False,
        "syntax": "Explicit VR Little Endian",
        "modality": "rescale",
        "voi": "LINEAR",
        "padding": True,
        "intent": "FOR PRESENTATION",
    }
    plain = dicom(ramp(8, signed=True), syntax=ImplicitVRLittleEndian, PresentationIntentType=None)
    assert gray_image(plain).facts == {
        "photometric": "MONOCHROME2",
        "bits": 8,
        "signed": True,
        "syntax": "Implicit VR Little Endian",
        "modality": None,
        "voi": None,
        "padding": False,
        "intent": None,
    }
