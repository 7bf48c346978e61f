"""DICOM files to gray pixels; `python -m chexnet.stages.dicom` is the server that TypeScript asks."""
