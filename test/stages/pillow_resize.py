"""What Pillow makes of images: the oracle for preprocess.

Reads JSON `{"files": [path, …], "sizes": [side, …], "out": folder}` from standard input and writes, for each size,
`<out>/<side>.raw`: the first channel of every image, resized to that square with BILINEAR, one after the other.
"""

import json
import sys
from contextlib import ExitStack
from pathlib import Path

from PIL import Image


def main() -> None:
    """Each image is decoded once for all sizes."""
    order = json.load(sys.stdin)
    out, sizes = Path(order["out"]), [int(size) for size in order["sizes"]]
    with ExitStack() as stack:
        files = {size: stack.enter_context(open(out / f"{size}.raw", "wb")) for size in sizes}
        for path in order["files"]:
            image = Image.open(path)
            gray = image if image.mode == "L" else image.getchannel(0)
            for size in sizes:
                files[size].write(_resize(gray, size).tobytes())


def _resize(image: Image.Image, size: int) -> Image.Image:
    """Rows first, then columns.

    That is what every Pillow does with a square image. With one whose height shrinks far more than its width, Pillow 13
    does the columns first, and the rounding between the passes differs: so it is told each pass.
    """
    if image.width != image.height:
        image = image.resize((size, image.height), Image.Resampling.BILINEAR)
    return image.resize((size, size), Image.Resampling.BILINEAR)


if __name__ == "__main__":
    main()
