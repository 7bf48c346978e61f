"""Makes DICOM files for the tests, with pydicom as a writer and GDCM as an encoder; nothing here reads pixels."""

import tempfile
from io import BytesIO
from pathlib import Path
from typing import Any

import gdcm
import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID, DigitalXRayImageStorageForPresentation, ExplicitVRLittleEndian, ImplicitVRLittleEndian

Pixels = NDArray[np.integer[Any]]

# Elements that must never get out of a file.
PATIENT_NAME = "Zaphod^Beeblebrox"
PATIENT_ID = "HITCHHIKER-4242"
OTHER_SECRETS = ("Magrathea General", "Slartibartfast^Dr", "19520311", "Towel Street")

GDCM_SYNTAX = {
    "1.2.840.10008.1.2.4.50": gdcm.TransferSyntax.JPEGBaselineProcess1,
    "1.2.840.10008.1.2.4.51": gdcm.TransferSyntax.JPEGExtendedProcess2_4,
    "1.2.840.10008.1.2.4.57": gdcm.TransferSyntax.JPEGLosslessProcess14,
    "1.2.840.10008.1.2.4.70": gdcm.TransferSyntax.JPEGLosslessProcess14_1,
    "1.2.840.10008.1.2.4.80": gdcm.TransferSyntax.JPEGLSLossless,
    "1.2.840.10008.1.2.4.81": gdcm.TransferSyntax.JPEGLSNearLossless,
    "1.2.840.10008.1.2.4.90": gdcm.TransferSyntax.JPEG2000Lossless,
    "1.2.840.10008.1.2.4.91": gdcm.TransferSyntax.JPEG2000,
    "1.2.840.10008.1.2.5": gdcm.TransferSyntax.RLELossless,
}


def data_set(pixels: Pixels, bits: int | None = None, **elements: Any) -> Dataset:
    """A digital radiograph of these stored values, with elements by keyword added, replaced or (None) left out."""
    height, width = pixels.shape
    data = Dataset()
    data.SOPClassUID, data.SOPInstanceUID = DigitalXRayImageStorageForPresentation, "1.2.3.4.5"
    data.PatientName, data.PatientID = PATIENT_NAME, PATIENT_ID
    data.InstitutionName, data.ReferringPhysicianName, data.PatientBirthDate, data.PatientAddress = OTHER_SECRETS
    data.PresentationIntentType = "FOR PRESENTATION"
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.Rows, data.Columns = height, width
    data.BitsAllocated = 8 * pixels.itemsize
    data.BitsStored = bits or data.BitsAllocated
    data.HighBit = data.BitsStored - 1
    data.PixelRepresentation = int(pixels.dtype.kind == "i")
    for keyword, value in elements.items():
        if value is None:
            delattr(data, keyword)
        else:
            setattr(data, keyword, value)
    return data


def write(data: Dataset, pixel_data: bytes | None, syntax: UID = ExplicitVRLittleEndian, vr: str = "OW") -> bytes:
    """A file with this value of Pixel Data, as it is; None leaves it out."""
    if pixel_data is not None:
        data.add_new("PixelData", "OB" if syntax.is_encapsulated else vr, pixel_data)
        data["PixelData"].is_undefined_length = syntax.is_encapsulated
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = syntax
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    file = BytesIO()
    data.save_as(file, enforce_file_format=True)
    return file.getvalue()


def dicom(
    pixels: Pixels, bits: int | None = None, syntax: UID = ExplicitVRLittleEndian, vr: str = "OW", **elements: Any
) -> bytes:
    """A file of these stored values, not compressed."""
    words = pixels.astype(pixels.dtype.newbyteorder("<" if syntax.is_little_endian else ">"))
    value = words.tobytes() + b"\0" * (words.nbytes % 2)
    if words.itemsize == 1 and vr == "OW" and not syntax.is_little_endian:
        value = np.frombuffer(value, np.uint16).byteswap().tobytes()
    return write(data_set(pixels, bits, **elements), value, syntax, vr)


def encoded(pixels: Pixels, bits: int, syntax: UID) -> bytes:
    """The codestream that GDCM makes of these stored values."""
    with tempfile.TemporaryDirectory() as folder:
        plain, packed = Path(folder) / "plain.dcm", Path(folder) / "packed.dcm"
        plain.write_bytes(dicom(pixels, bits, ImplicitVRLittleEndian))
        reader = gdcm.ImageReader()
        reader.SetFileName(str(plain))
        assert reader.Read()
        change = gdcm.ImageChangeTransferSyntax()
        change.SetTransferSyntax(gdcm.TransferSyntax(GDCM_SYNTAX[str(syntax)]))
        change.SetInput(reader.GetImage())
        assert change.Change()
        writer = gdcm.ImageWriter()
        writer.SetFileName(str(packed))
        writer.SetFile(reader.GetFile())
        writer.SetImage(change.GetOutput())
        assert writer.Write()
        return _first_fragment(packed.read_bytes())


def compressed(
    pixels: Pixels, bits: int, syntax: UID, codestream: bytes | None = None, fragments: int = 1, **elements: Any
) -> bytes:
    """A file of these stored values in a compressed syntax; of a given codestream if there is one."""
    frame = encoded(pixels, bits, syntax) if codestream is None else codestream
    return write(data_set(pixels, bits, **elements), encapsulate([frame], fragments_per_frame=fragments), syntax)


def look_up_table(first: int, entries: list[int], bits: int, packed: bool = True) -> Dataset:
    """An item of a LUT sequence; `packed`: entries of 8 bits lie two in a word."""
    item = Dataset()
    width = "u1" if bits == 8 and packed else "<u2"
    value = np.array(entries, width).tobytes()
    item.add_new("LUTDescriptor", "SS" if first < 0 else "US", [len(entries) % 65536, first, bits])
    item.add_new("LUTData", "OW", value + b"\0" * (len(value) % 2))
    return item


def ramp(bits: int, signed: bool = False) -> Pixels:
    """Each value that so many bits can have, once, in an image that is not square."""
    values = np.arange(1 << bits).reshape(1 << (bits // 2 - 1), -1) - ((1 << (bits - 1)) if signed else 0)
    name = f"{'i' if signed else 'u'}{1 if bits == 8 else 2}"
    return values.astype(name)


def _first_fragment(file: bytes) -> bytes:
    """After the tag of Pixel Data, type and length: an item for the table of offsets, then an item with the frame."""
    place = file.rindex(b"\xe0\x7f\x10\x00OB\0\0\xff\xff\xff\xff") + 12
    table = int.from_bytes(file[place + 4 : place + 8], "little")
    place += 8 + table
    size = int.from_bytes(file[place + 4 : place + 8], "little")
    return file[place + 8 : place + 8 + size]
