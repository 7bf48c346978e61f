"""Whatever bytes come, the server answers with an image or a reason, and says nothing that a file says of a person."""

import contextlib
import json
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pytest
from hypothesis import strategies as st
from pydicom.sequence import Sequence
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from tests.dicom_files import OTHER_SECRETS, PATIENT_ID, PATIENT_NAME, compressed, dicom, look_up_table, ramp
from tests.dicom_server import Server
from tests.fuzz import always, with_seeds

LIMIT_SECONDS = 20

WORDS = [
    part.encode() for secret in (PATIENT_NAME, PATIENT_ID, *OTHER_SECRETS) for part in secret.replace("^", " ").split()
]

# These are decoded by Python and pydicom; the others by GDCM, which damaged data may take along with its process.
SAFE = (
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    ExplicitVRBigEndian,
    DeflatedExplicitVRLittleEndian,
    RLELossless,
)
NATIVE_CODE = (JPEGBaseline8Bit, JPEGLosslessSV1, JPEGLSLossless, JPEG2000Lossless)


@dataclass(slots=True)
class Guarded:
    """A server that is started anew when it has ended."""

    running: Server = field(default_factory=Server)

    def ask(self, file: bytes) -> dict[str, Any] | None:
        """Send a file and check the answer; None when the process died of it."""
        guard = threading.Timer(LIMIT_SECONDS, self.running.process.kill)
        guard.start()
        try:
            header, pixels = self.running.ask(file)
        except (BrokenPipeError, json.JSONDecodeError):
            self._check_death()
            return None
        finally:
            guard.cancel()
        said = json.dumps(header, ensure_ascii=False).encode()
        assert not [word for word in WORDS if word in said], header
        if "reason" in header:
            assert (set(header), pixels) == ({"reason"}, b"")
            assert header["reason"].isprintable()
            assert len(header["reason"]) < 200
        else:
            assert set(header) == {"width", "height", "facts"}
            assert len(pixels) == header["width"] * header["height"] > 0
        return header

    def _check_death(self) -> None:
        said, complaint = self.running.process.communicate(timeout=LIMIT_SECONDS)
        code = self.running.process.returncode
        self.running = Server()
        assert code < 0, f"ended with {code}"
        assert code != -signal.SIGKILL, f"no answer in {LIMIT_SECONDS} seconds"
        assert (said, complaint) == (b"", b"")


@pytest.fixture(scope="module")
def server() -> Iterator[Guarded]:
    guarded = Guarded()
    yield guarded
    assert guarded.running.close() == (b"", b"")


@cache
def file_in(syntax: UID) -> bytes:
    if syntax in NATIVE_CODE or syntax == RLELossless:
        return compressed(ramp(8), 8, syntax, WindowCenter="100", WindowWidth="90")
    table = Sequence([look_up_table(0, [0, 9, 99, 400], 12)])
    window = {"WindowCenter": "9", "WindowWidth": "70"}
    more: dict[str, Any] = {**window, "PixelPaddingValue": 3, "ModalityLUTSequence": table}
    return dicom(ramp(8), syntax=syntax, **more)


PIECES = st.one_of(
    st.sampled_from(
        [*WORDS, b"\0", b"\xff\xff\xff\xff", b"\xfe\xff\0\xe0", b"\xfe\xff\xdd\xe0", b"\xe0\x7f\x10\0", b"SQ"]
    ),
    st.sampled_from([b"OW\0\0", b"UN\0\0", b"US\2\0", b"DS\xff\xff", b"9" * 400, b"\\" * 60, b"\x1b$B", b"-1e999"]),
    st.binary(min_size=1, max_size=12),
)
CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["flip", "cut", "remove", "repeat", "insert", "replace"]),
        st.floats(0, 1, exclude_max=True),
        st.integers(1, 30),
        PIECES,
    ),
    min_size=1,
    max_size=5,
)


def changed(file: bytes, changes: list[tuple[str, float, int, bytes]]) -> bytes:
    """Behind the preamble, so that most are taken for DICOM files."""
    for what, at, size, piece in changes:
        start = 132 + int(at * max(0, len(file) - 132))
        head, part, tail = file[:start], file[start : start + size], file[start + size :]
        if what == "flip":
            file = head + bytes(byte ^ (1 << (size & 7)) for byte in part[:1]) + part[1:] + tail
        else:
            middle = {"cut": b"", "remove": b"", "repeat": part + part, "insert": piece + part, "replace": piece}[what]
            file = head + middle + (b"" if what == "cut" else tail)
    return file


@with_seeds
def test_changed_files_have_an_answer(server: Guarded, number: int) -> None:
    def check(value: tuple[UID, list[tuple[str, float, int, bytes]]]) -> None:
        syntax, changes = value
        assert server.ask(changed(file_in(syntax), changes)) is not None

    always(number, st.tuples(st.sampled_from(SAFE), CHANGES), check, examples=300)
    answer = server.ask(dicom(ramp(8)))
    assert answer is not None
    assert "reason" not in answer


@with_seeds
def test_changed_codestreams_have_an_answer_or_end_the_process_without_a_word(server: Guarded, number: int) -> None:
    def check(value: tuple[UID, list[tuple[str, float, int, bytes]]]) -> None:
        syntax, changes = value
        server.ask(changed(file_in(syntax), changes))

    always(number, st.tuples(st.sampled_from(NATIVE_CODE), CHANGES), check, examples=150)


ELEMENTS = [
    *(b"\x08\0\x68\0", b"\x28\0\2\0", b"\x28\0\4\0", b"\x28\0\x08\0", b"\x28\0\x10\0", b"\x28\0\x11\0", b"\x28\0\0\1"),
    *(
        b"\x28\0\1\1",
        b"\x28\0\2\1",
        b"\x28\0\3\1",
        b"\x28\0\x20\1",
        b"\x28\0\x21\1",
        b"\x28\0\x50\x10",
        b"\x28\0\x51\x10",
    ),
    *(b"\x28\0\x52\x10", b"\x28\0\x53\x10", b"\x28\0\x56\x10", b"\x28\0\0\x30", b"\x28\0\x10\x30", b"\x10\0\x10\0"),
    *(b"\0\x52\x29\x92", b"\0\x52\x30\x92", b"\xe0\x7f\x10\0", b"\x08\0\5\0", b"\xfe\xff\0\xe0", b"\2\0\x10\0"),
]
VRS = [
    *(b"AE AS AT CS DA DS DT FL FD IS LO LT OB OD OF OL OV OW PN SH SL SQ SS ST SV TM UC UI UL UN".split()),
    b"UR",
    b"US",
]
VRS += [b"UT", b"UV", b"ZZ", b"\0\0"]
LONG = set(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())

VALUES = st.one_of(
    st.sampled_from(
        [*WORDS, b"", b"1", b"\1\0", b"\x08\0", b"\x10\0", b"8", b"MONOCHROME1 ", b"MONOCHROME2 ", b"1\\2\\3"]
    ),
    st.sampled_from(
        [b"1e308", b"nan", b"inf", b"1e-320", b"-0", b"\xff" * 8, b"\0" * 300, b"\\", b"ISO 2022 IR 87", b"\x1b"]
    ),
    st.binary(max_size=40),
)


@with_seeds
def test_elements_of_any_kind_have_an_answer(server: Guarded, number: int) -> None:
    element = st.tuples(
        st.sampled_from(ELEMENTS), st.sampled_from(VRS), VALUES, st.sampled_from([0, 0, 0, 0, 1, 2**16, -1])
    )
    start = file_in(ExplicitVRLittleEndian)
    group = start.index(b"\x28\0\2\0US")

    def check(value: tuple[list[tuple[bytes, bytes, bytes, int]], bool]) -> None:
        elements, in_order = value
        file = start[:group]
        for tag, vr, content, more in sorted(elements) if in_order else elements:
            size = len(content) + more
            length = (
                b"\0\0" + (size % 2**32).to_bytes(4, "little") if vr in LONG else (size % 2**16).to_bytes(2, "little")
            )
            file += tag + vr + length + content
        assert server.ask(file + start[group:]) is not None

    always(number, st.tuples(st.lists(element, min_size=1, max_size=8), st.booleans()), check, examples=300)


@with_seeds
def test_any_bytes_have_an_answer(server: Guarded, number: int) -> None:
    start = file_in(ExplicitVRLittleEndian)

    def check(value: tuple[int, bytes]) -> None:
        kept, data = value
        assert server.ask(start[:kept] + data) is not None

    always(number, st.tuples(st.sampled_from([0, 128, 132, 300, 350]), st.binary(max_size=300)), check)


@with_seeds
def test_any_stream_of_frames_ends_well(number: int) -> None:
    frame = st.tuples(st.sampled_from([b"", b"x", dicom(ramp(8))]), st.sampled_from([0, 0, 0, 1, -1, 700]))

    def check(frames: list[tuple[bytes, int]]) -> None:
        running = Server()
        with contextlib.suppress(BrokenPipeError):
            for content, more in frames:
                running.send(max(0, len(content) + more).to_bytes(4, "big") + content)
        said, complaint = running.close()
        assert complaint == b""
        while said != b"":
            size = int.from_bytes(said[:4], "big")
            assert len(said) >= 4 + size
            said = said[4 + size :]

    always(number, st.lists(frame, max_size=5), check, examples=3)
