"""The server that TypeScript talks to: frames in, frames out, and never a word of a person."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import gdcm
import numpy as np
import pydicom
import pytest
from pydicom.sequence import Sequence
from pydicom.uid import DeflatedExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEGLosslessSV1, RLELossless

from tests.dicom_files import (
    OTHER_SECRETS,
    PATIENT_ID,
    PATIENT_NAME,
    compressed,
    dicom,
    look_up_table,
    ramp,
)
from tests.dicom_server import COMMAND, ENVIRONMENT, SOURCE, Server


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    running = Server()
    yield running
    assert running.close() == (b"", b"")


def test_answers_size_facts_and_pixels(server: Server) -> None:
    versions = {"pydicom": pydicom.__version__, "gdcm": gdcm.Version.GetVersion()}
    assert server.ready == {"ready": True, "versions": versions}
    pixels = ramp(8)
    header, gray = server.ask(dicom(pixels))
    facts = header.pop("facts")
    assert header == {"width": 32, "height": 8}
    assert facts["photometric"] == "MONOCHROME2"
    assert gray == pixels.tobytes()


def test_answers_a_reason_and_no_pixels_and_goes_on(server: Server) -> None:
    assert server.ask(b"") == ({"reason": "is empty (zero bytes)"}, b"")
    assert server.ask(dicom(ramp(8)))[1] == ramp(8).tobytes()


@pytest.mark.filterwarnings("ignore")
def test_nothing_of_a_person_is_ever_said(server: Server) -> None:
    odd = [
        dicom(ramp(12), 12, WindowCenter="9", WindowWidth="9"),
        dicom(ramp(8), PhotometricInterpretation=PATIENT_NAME[:12]),
        dicom(ramp(8), PresentationIntentType=PATIENT_ID),
        dicom(ramp(8), VOILUTFunction=PATIENT_ID, WindowCenter="1", WindowWidth="9"),
        dicom(ramp(8), VOILUTSequence=Sequence([look_up_table(0, [0], 8)])),
        dicom(ramp(8), Rows=9999),
        compressed(ramp(8), 8, JPEGLosslessSV1, PATIENT_NAME.encode() * 9),
        compressed(ramp(8), 8, RLELossless, PATIENT_NAME.encode() * 9),
    ]
    plain = dicom(ramp(8), syntax=ImplicitVRLittleEndian)
    damaged = [plain[:size] for size in range(0, len(plain), 7)]
    before_pixels = range(140, plain.rindex(b"\xe0\x7f\x10\x00"), 13)
    shifted = [plain[:size] + PATIENT_NAME.encode() + plain[size:] for size in before_pixels]
    for file in [*odd, *damaged, *shifted]:
        server.ask(file)
    for secret in (PATIENT_NAME, PATIENT_ID, *OTHER_SECRETS):
        assert secret.encode() in plain
        for part in secret.replace("^", " ").split():
            assert part.encode() not in server.said


def test_a_frame_that_is_larger_than_any_file_is_passed_over(server: Server) -> None:
    size = 128_000_001
    server.send(size.to_bytes(4, "big"))
    piece = b"\0" * 10**6
    for _ in range(128):
        server.send(piece)
    server.send(b"\0")
    assert json.loads(server.frame()) == {"reason": "is larger than 128 MB"}
    assert server.frame() == b""
    assert server.ask(dicom(ramp(8)))[1] == ramp(8).tobytes()


def test_what_unpacks_without_end_is_not_unpacked(server: Server) -> None:
    # Runs of 128 bytes in two.
    frame = np.array([1, 64] + [0] * 14, "<u4").tobytes() + b"\x81\0" * 1_000_000
    header, _ = server.ask(compressed(ramp(8), 8, RLELossless, frame))
    assert header == {"reason": "contradicts itself: more RLE data than an image of its size can have"}


@pytest.mark.skipif(sys.platform != "linux", reason="needs a limit of the address space")
def test_want_of_memory_is_not_said_to_be_a_fault_of_the_file() -> None:
    running = Server(memory=240 * 2**20)
    file = dicom(np.zeros((5000, 6000), np.uint16))
    assert running.ask(file) == ({"short_of_memory": True}, b"")
    assert running.ask(dicom(ramp(8)))[1] == ramp(8).tobytes()
    running.close()


def test_noise_never_ends_it(server: Server) -> None:
    # Damaged JPEG is left out: GDCM may take its process along, which the client sees to.
    random = np.random.default_rng(4)
    files = [
        dicom(ramp(12), 12, VOILUTSequence=Sequence([look_up_table(0, [0, 9, 99], 12)])),
        dicom(ramp(8), syntax=DeflatedExplicitVRLittleEndian),
        compressed(ramp(8), 8, RLELossless),
    ]
    for round_number in range(120):
        file = bytearray(files[round_number % len(files)])
        for place in random.integers(132, len(file), 6):
            file[place] = random.integers(256)
        header, pixels = server.ask(bytes(file))
        assert ("reason" in header) == (pixels == b"")
    assert server.ask(dicom(ramp(8)))[1] == ramp(8).tobytes()


def test_a_request_that_is_cut_off_ends_it() -> None:
    running = Server()
    running.send((1000).to_bytes(4, "big") + b"half")
    header = json.loads(running.close()[0][4:].split(b"}")[0] + b"}")
    assert header == {"reason": "is not a DICOM file"}


def test_says_which_packages_are_missing() -> None:
    # `-S`: as if nothing were installed.
    command = [sys.executable, "-S", "-m", "chexnet.stages.dicom"]
    ended = subprocess.run(command, cwd=SOURCE, env={}, input=b"", capture_output=True, check=True)
    assert json.loads(ended.stdout[4:]) == {
        "ready": False,
        "message": "DICOM files need Python packages that are not there: numpy, pydicom, gdcm",
        "hint": f"{sys.executable} -m pip install numpy 'pydicom>=3' python-gdcm",
    }
    assert ended.stderr == b""


def test_says_what_does_not_load(tmp_path: Path) -> None:
    (tmp_path / "gdcm.py").write_text("raise ImportError('libfoo.so.1: not found')")
    (tmp_path / "chexnet").symlink_to(SOURCE / "chexnet")
    ended = subprocess.run(COMMAND, cwd=tmp_path, input=b"", capture_output=True, check=True)
    message = json.loads(ended.stdout[4:])["message"]
    assert message == "DICOM files need gdcm, which does not load: libfoo.so.1: not found"


def test_refuses_an_older_pydicom(tmp_path: Path) -> None:
    (tmp_path / "pydicom.py").write_text("__version__ = '2.4.5'")
    (tmp_path / "chexnet").symlink_to(SOURCE / "chexnet")
    ended = subprocess.run(COMMAND, cwd=tmp_path, input=b"", capture_output=True, check=True)
    assert json.loads(ended.stdout[4:])["message"] == "DICOM files need pydicom 3 or newer; here is 2.4.5"


@pytest.mark.parametrize("fault", ["raise RuntimeError", "raise MemoryError", "return np.zeros((4, 4), np.uint8), {}"])
def test_decoders_that_do_not_work_are_told_of_before_any_file(tmp_path: Path, fault: str) -> None:
    (tmp_path / "chexnet").symlink_to(SOURCE / "chexnet")
    (tmp_path / "sitecustomize.py").write_text(
        "import numpy as np\nimport pydicom.pixels.decoders.base as base\n"
        f"def as_array(*_, **__):\n    {fault}\n"
        "base.Decoder.as_array = as_array\n"
    )
    environment = {**ENVIRONMENT, "PYTHONPATH": str(tmp_path)}
    ended = subprocess.run(COMMAND, cwd=tmp_path, env=environment, input=b"", capture_output=True, check=True)
    message = json.loads(ended.stdout[4:])["message"]
    assert message == "DICOM files need gdcm, which does not decode an image that is known"
