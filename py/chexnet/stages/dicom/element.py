"""Values of a DICOM data set with their kind checked. Nothing here quotes what a file says, only names of elements."""

from typing import Any

from pydicom.dataset import Dataset


class RefusedError(Exception):
    """Why a file gives no image.

    `reason` is the end of a sentence that begins with the file's name. It never holds text of the file: only names of
    elements, words that the standard defines, and numbers that describe the pixels.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def value_of(data: Dataset, keyword: str) -> Any:
    """The value, None when the element is absent or empty.

    Raises:
        RefusedError: the value is not what its type says.
    """
    try:
        value = data.get(keyword)
    except MemoryError:
        raise
    except Exception:
        # Its text may quote the value.
        raise RefusedError(f"has a damaged {keyword}") from None
    if value is None or isinstance(value, int | float):
        return value
    return None if len(value) == 0 else value


def whole(data: Dataset, keyword: str) -> int:
    """A whole number that must be there.

    Raises:
        RefusedError: it is missing, or something else.
    """
    value = whole_or_none(data, keyword)
    if value is None:
        raise RefusedError(f"has no {keyword}")
    return value


def whole_or_none(data: Dataset, keyword: str) -> int | None:
    """A whole number, None when it is absent.

    Raises:
        RefusedError: it is something else.
    """
    value = value_of(data, keyword)
    if value is None:
        return None
    if not isinstance(value, int):
        raise RefusedError(f"has a {keyword} that is not one whole number")
    return int(value)


def first_number(data: Dataset, keyword: str) -> float | None:
    """The first of one or several numbers, None when there is none.

    Raises:
        RefusedError: it is no number, or one so large or small that what is worked out with it may not be finite.
    """
    value = value_of(data, keyword)
    if value is None:
        return None
    if not isinstance(value, int | float | str):
        value = value[0]
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise RefusedError(f"has a {keyword} that is no number") from None
    if number != 0 and not 1e-30 <= abs(number) <= 1e9:
        raise RefusedError(f"has a {keyword} that is no usable number")
    return number


def word(data: Dataset, keyword: str, known: tuple[str, ...]) -> str | None:
    """A code of the standard, None when it is absent.

    Raises:
        RefusedError: it is none of the known ones.
    """
    value = value_of(data, keyword)
    if value is None:
        return None
    code = str(value).strip().upper()
    if code not in known:
        raise RefusedError(f"has a {keyword} that is not known here")
    return code


def items(data: Dataset, keyword: str) -> list[Dataset]:
    """The items of a sequence, none when it is absent.

    Raises:
        RefusedError: it is no sequence.
    """
    value = value_of(data, keyword)
    if value is None:
        return []
    if not all(isinstance(item, Dataset) for item in value):
        raise RefusedError(f"has a {keyword} that is no sequence")
    return list(value)
