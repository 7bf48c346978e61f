"""Whether the decoders work here at all, asked before any file is blamed for what they do."""

import numpy as np
from pydicom.encaps import encapsulate
from pydicom.uid import JPEGLosslessSV1

from chexnet.stages.dicom.layout import Layout
from chexnet.stages.dicom.pixels import decoded_words

# 0, 16, 32 … 240 as 4 by 4 pixels in lossless JPEG.
_STREAM = bytes.fromhex(
    "ffd8ffc3000b080004000401011100ffc400160001010100000000000000000000000000050708"
    "ffda0008010100010000cfe82085010410a0208214041043ffd900"
)
_LAYOUT = Layout(rows=4, columns=4, allocated=8, bits=8, shift=0, signed=False, inverted=False)


def decoders_work() -> bool:
    """Decode an image of our own. A library that is broken may also end the process here, where no file is at fault.

    Raises:
        RefusedError: it cannot be decoded.
    """
    words = decoded_words(encapsulate([_STREAM]), JPEGLosslessSV1, _LAYOUT)
    return bool(np.array_equal(words.ravel(), np.arange(0, 256, 16)))
