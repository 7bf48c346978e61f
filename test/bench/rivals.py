"""Other ways to make 256-pixel squares of radiographs, for `npm run bench preprocess`.

Started with a JSON file of paths and a number of processes. Each line on standard input names a rival; the answer is a
line with the seconds it took for all images and the seconds of processor time. `versions` and `pixels <file>` (what Pillow makes, raw) are answered too.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from multiprocessing import Pool
from pathlib import Path

import cv2
import PIL
from PIL import Image

SIZE = 256
IMAGES_PER_TURN = 4


def pillow(path: str) -> bytes:
    """What torchvision's Resize does: the first channel, antialiased bilinear."""
    image = Image.open(path)
    gray = image if image.mode == "L" else image.getchannel(0)
    return gray.resize((SIZE, SIZE), Image.Resampling.BILINEAR).tobytes()


def opencv(path: str) -> bytes:
    """Its fastest good shrinking; the pixels are near to Pillow's, not equal."""
    image = cv2.imread(path, cv2.IMREAD_GRAYSCALE)
    return bytes(cv2.resize(image, (SIZE, SIZE), interpolation=cv2.INTER_AREA))


def _timed(decode: Callable[[str], bytes], path: str) -> float:
    start = time.process_time()
    decode(path)
    return time.process_time() - start


RIVALS: dict[str, Callable[[str], bytes]] = {"pillow": pillow, "opencv": opencv}


def _one_thread() -> None:
    cv2.setNumThreads(1)


def main() -> None:
    """Serves until standard input ends. The processes are started once and stay warm."""
    paths = json.loads(Path(sys.argv[1]).read_text())
    with Pool(int(sys.argv[2]), _one_thread) as pool:
        for line in sys.stdin:
            command, *rest = line.split(maxsplit=1)
            if command == "versions":
                answer = f"Pillow {PIL.__version__}, OpenCV {cv2.__version__}"
            elif command == "pixels":
                Path(rest[0].rstrip()).write_bytes(b"".join(pool.imap(pillow, paths)))
                answer = "written"
            else:
                start = time.perf_counter()
                timed = partial(_timed, RIVALS[command])
                processor = sum(pool.imap_unordered(timed, paths, IMAGES_PER_TURN))
                answer = f"{time.perf_counter() - start} {processor}"
            print(answer, flush=True)


if __name__ == "__main__":
    os.environ["OMP_NUM_THREADS"] = "1"
    main()
