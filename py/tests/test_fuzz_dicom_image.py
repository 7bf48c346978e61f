"""Gray values of random images: as the standard says, worked out in fractions, and the same in every lossless form."""

import logging
import math
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from chexnet.stages.dicom.element import RefusedError
from chexnet.stages.dicom.image import gray_image
from tests.dicom_files import Pixels, compressed, dicom
from tests.fuzz import always, with_seeds

# pydicom says of odd files what it thinks of them; the server lets it speak into the void.
pytestmark = pytest.mark.filterwarnings("ignore:.*:UserWarning")


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


NATIVE = (ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian)
COMPRESSED = (RLELossless, JPEGLosslessSV1, JPEGLSLossless, JPEG2000Lossless)


@dataclass(frozen=True, slots=True)
class Film:
    """`window` is centre, width and function; all texts as a file has them."""

    width: int
    height: int
    bits: int
    signed: bool
    inverted: bool
    seed: int
    rescale: tuple[str, str] | None
    window: tuple[str, str, str] | None

    def stored(self) -> Pixels:
        low = -(1 << (self.bits - 1)) if self.signed else 0
        values = np.random.default_rng(self.seed).integers(low, low + (1 << self.bits), (self.height, self.width))
        return values.astype(f"{'i' if self.signed else 'u'}{1 if self.bits == 8 else 2}")

    def elements(self) -> dict[str, Any]:
        elements: dict[str, Any] = {"PhotometricInterpretation": "MONOCHROME1" if self.inverted else "MONOCHROME2"}
        if self.rescale is not None:
            elements["RescaleSlope"], elements["RescaleIntercept"] = self.rescale
        if self.window is not None:
            elements["WindowCenter"], elements["WindowWidth"], elements["VOILUTFunction"] = self.window
        return elements


def numbers(low: int, high: int) -> st.SearchStrategy[str]:
    return st.decimals(low, high, places=2).map(lambda number: str(number.normalize()))


def films(sides: st.SearchStrategy[int]) -> st.SearchStrategy[Film]:
    slopes = numbers(-20, 20).filter(lambda text: Decimal(text) != 0)
    functions = st.sampled_from(["LINEAR", "LINEAR_EXACT", "SIGMOID"])
    return st.builds(
        Film,
        width=sides,
        height=sides,
        bits=st.integers(8, 16),
        signed=st.booleans(),
        inverted=st.booleans(),
        seed=st.integers(0, 2**32 - 1),
        rescale=st.none() | st.tuples(slopes, numbers(-3000, 3000)),
        window=st.none() | st.tuples(numbers(-3000, 70_000), numbers(1, 70_000), functions),
    )


FILMS = films(st.integers(1, 24))

# GDCM's encoders, which only these tests use, do not bear smaller sides, and one of them no odd ones.
FILMS_TO_ENCODE = films(st.integers(8, 24).map(lambda half: 2 * half))


def shown(film: Film, stored: int) -> float | Fraction:
    """From 0 to 255, not rounded. PS3.3, C.11.1.1.2 and C.11.2.1, with one pixel at a time."""
    slope, intercept = (Fraction(text) for text in film.rescale or ("1", "0"))
    value = stored * slope + intercept
    if film.window is None:
        least = -(1 << (film.bits - 1)) if film.signed else 0
        ends = [end * slope + intercept for end in (least, least + (1 << film.bits) - 1)]
        gray: float | Fraction = (value - min(ends)) / (max(ends) - min(ends)) * 255
    else:
        center, width = Fraction(film.window[0]), Fraction(film.window[1])
        if film.window[2] == "SIGMOID":
            power = min(700.0, float(-4 * (value - center) / width))
            gray = 255 / (1 + math.exp(power))
        elif film.window[2] == "LINEAR_EXACT":
            gray = _between((value - center) / width + Fraction(1, 2))
        elif value <= center - Fraction(1, 2) - (width - 1) / 2:
            gray = Fraction(0)
        elif value > center - Fraction(1, 2) + (width - 1) / 2:
            gray = Fraction(255)
        else:
            gray = _between((value - (center - Fraction(1, 2))) / (width - 1) + Fraction(1, 2))
    return 255 - gray if film.inverted else gray


def _between(share: Fraction) -> Fraction:
    return min(max(share, Fraction(0)), Fraction(1)) * 255


@with_seeds
def test_gray_values_are_as_the_standard_says(number: int) -> None:
    def check(film: Film) -> None:
        stored = film.stored()
        pixels = gray_image(dicom(stored, film.bits, **film.elements())).pixels
        assert pixels.shape == stored.shape
        for value, gray in zip(stored.reshape(-1).tolist()[:60], pixels.reshape(-1).tolist(), strict=False):
            exact = shown(film, value)
            # Floating-point numbers may fall to the other side of a half, and nowhere else.
            assert abs(float(exact) - gray) <= 0.5 + 1e-9, (value, float(exact), gray)

    always(number, FILMS, check, examples=150)


@with_seeds
def test_the_form_of_a_file_makes_no_difference(number: int) -> None:
    def check(value: tuple[Film, int, int]) -> None:
        film, native, packed = value
        stored, elements = film.stored(), film.elements()
        expected = gray_image(dicom(stored, film.bits, **elements)).pixels
        plain = gray_image(dicom(stored, film.bits, NATIVE[native], **elements)).pixels
        assert np.array_equal(plain, expected)
        other = gray_image(compressed(stored, film.bits, COMPRESSED[packed], **elements)).pixels
        assert np.array_equal(other, expected)

    places = st.integers(0, len(NATIVE) - 1), st.integers(0, len(COMPRESSED) - 1)
    always(number, st.tuples(FILMS_TO_ENCODE, *places), check)


@with_seeds
def test_numbers_of_any_size_give_an_image_or_a_reason(number: int) -> None:
    odd = st.one_of(
        st.floats(allow_nan=False, allow_infinity=False).map(lambda value: f"{value:.9e}"),
        st.sampled_from(["0", "-0", "1", "1e-320", "1e308", "-1e308", "1e9", "-1e9", "1e-9", "1000000001", "0.5"]),
    )
    keywords = st.sampled_from(["RescaleSlope", "RescaleIntercept", "WindowCenter", "WindowWidth"])
    elements = st.dictionaries(keywords, odd, min_size=1)
    functions = st.sampled_from(["LINEAR", "LINEAR_EXACT", "SIGMOID"])

    def check(value: tuple[dict[str, str], str, Film]) -> None:
        given, function, film = value
        more = {**film.elements(), **given, "VOILUTFunction": function}
        try:
            image = gray_image(dicom(film.stored(), film.bits, **more))
        except RefusedError:
            return
        assert image.pixels.shape == (film.height, film.width)

    always(number, st.tuples(elements, functions, FILMS), check, examples=200)
