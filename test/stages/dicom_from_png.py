"""Writes PNG files as DICOM files of the same gray values. Takes JSON on stdin: a list of {"png", "dicom", "as"}."""

import json
import sys

import numpy as np
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    DigitalXRayImageStorageForPresentation,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
    SecondaryCaptureImageStorage,
)

SYNTAXES = {
    "plain": ExplicitVRLittleEndian,
    "implicit": ImplicitVRLittleEndian,
    "big-endian": ExplicitVRBigEndian,
    "deflated": DeflatedExplicitVRLittleEndian,
    "rle": RLELossless,
    "inverted": ExplicitVRLittleEndian,
    "16-bit": ExplicitVRLittleEndian,
}


def main() -> None:
    for order in json.load(sys.stdin):
        write(np.asarray(Image.open(order["png"])), order["dicom"], order["as"])


def write(image: np.ndarray, path: str, kind: str) -> None:
    # Of colour the first channel, as it is stored.
    gray = image if image.ndim == 2 else image[:, :, 0]
    data = Dataset()
    data.SOPClassUID = SecondaryCaptureImageStorage if kind == "plain" else DigitalXRayImageStorageForPresentation
    data.SOPInstanceUID = "1.2.3.4"
    data.PatientName, data.PatientID, data.PatientAge = "Prefect^Ford", "BETELGEUSE-5", "042Y"
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME1" if kind == "inverted" else "MONOCHROME2"
    data.Rows, data.Columns = gray.shape
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 8, 8, 7, 0
    if kind == "inverted":
        gray = 255 - gray
    if kind == "16-bit":
        gray = gray.astype("<u2") * 257
        data.BitsAllocated, data.BitsStored, data.HighBit = 16, 16, 15
    value = gray.tobytes()
    data.add_new("PixelData", "OB" if gray.itemsize == 1 else "OW", value + b"\0" * (len(value) % 2))
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = SYNTAXES[kind] if kind != "rle" else ExplicitVRLittleEndian
    if kind == "rle":
        data.compress(RLELossless, encoding_plugin="pydicom", generate_instance_uid=False)
    data.save_as(path, enforce_file_format=True)


main()
