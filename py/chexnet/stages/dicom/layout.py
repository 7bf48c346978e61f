"""How the pixels of a DICOM image lie in their words: checked before anything is decoded."""

from dataclasses import dataclass

from pydicom.dataset import Dataset

from chexnet.stages.dicom.element import RefusedError, items, whole, whole_or_none, word

# As of PNG files, see pipeline/stages/preprocess/frame.ts.
MAX_SIDE = 16_384
MAX_MEGAPIXELS = 32

# What is said of more than any film has could as well be a date or a number of a person.
_MOST_FRAMES = 10_000

_GRAY = ("MONOCHROME1", "MONOCHROME2")
_COLOURS = (
    *("PALETTE COLOR", "RGB", "HSV", "ARGB", "CMYK", "YBR_FULL", "YBR_FULL_422", "YBR_PARTIAL_422"),
    *("YBR_PARTIAL_420", "YBR_ICT", "YBR_RCT", "XYB"),
)


@dataclass(frozen=True, slots=True)
class Layout:
    """A word has `allocated` bits; the `bits` that count begin at bit `shift`, in two's complement if `signed`."""

    rows: int
    columns: int
    allocated: int
    bits: int
    shift: int
    signed: bool
    inverted: bool


def layout_of(data: Dataset) -> Layout:
    """Read the layout of a single gray image.

    Raises:
        RefusedError: it is something else, contradicts itself, or is larger than radiographs are.
    """
    inverted = _refuse_all_but_gray(data) == "MONOCHROME1"
    _refuse_several_frames(data)
    rows, columns = whole(data, "Rows"), whole(data, "Columns")
    size = f"{columns:,}×{rows:,} pixels"
    if rows < 1 or columns < 1:
        raise RefusedError(f"says that it is {size}")
    if max(rows, columns) > MAX_SIDE:
        raise RefusedError(f"is {size}; more than {MAX_SIDE:,} on a side are not read")
    if rows * columns > MAX_MEGAPIXELS * 1e6:
        raise RefusedError(f"is {size}; more than {MAX_MEGAPIXELS} megapixels are not read")
    allocated, bits = whole(data, "BitsAllocated"), whole(data, "BitsStored")
    high, sign = whole(data, "HighBit"), whole(data, "PixelRepresentation")
    if allocated not in (8, 16) or not 8 <= bits <= allocated:
        raise RefusedError(f"stores {bits} bits of a pixel in {allocated}; read are 8 to 16 bits in 8 or 16")
    if not bits - 1 <= high < allocated or sign not in (0, 1):
        raise RefusedError(f"contradicts itself: {bits} bits of {allocated} with high bit {high} and sign {sign}")
    return Layout(
        rows=rows,
        columns=columns,
        allocated=allocated,
        bits=bits,
        shift=high + 1 - bits,
        signed=sign == 1,
        inverted=inverted,
    )


def _refuse_all_but_gray(data: Dataset) -> str:
    photometric = word(data, "PhotometricInterpretation", (*_GRAY, *_COLOURS))
    if photometric is None:
        raise RefusedError("has no PhotometricInterpretation")
    samples = whole(data, "SamplesPerPixel")
    if photometric not in _GRAY or samples != 1:
        raise RefusedError(f"is no gray image ({photometric}, {samples} samples per pixel)")
    return photometric


def _refuse_several_frames(data: Dataset) -> None:
    frames = whole_or_none(data, "NumberOfFrames")
    if frames not in (None, 1):
        count = frames if 0 <= frames < _MOST_FRAMES else "no usable number of"
        raise RefusedError(f"has {count} frames; only single images are read")
    for keyword in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
        if items(data, keyword):
            raise RefusedError("is an enhanced image, which says frame by frame how it is shown; these are not read")
