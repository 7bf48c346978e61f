"""Other ways to make 256-pixel squares of radiographs, for `npm run bench preprocess`.

Started with a JSON file of paths and a number of processes. Each line on standard input is a command, each answer a line:
`versions`; `pixels <file>`, which writes what Pillow makes of each path, raw; or a rival's name and how many times it has
to do all paths, answered with JSON `{"seconds", "processor_seconds", "peak_bytes"}`, the last over all processes.
"""

import json
import os
import resource
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


def _timed(decode: Callable[[str], bytes], path: str) -> tuple[float, int, int]:
    """Processor time of one image, and which process it was with its peak of resident memory so far."""
    start = time.process_time()
    decode(path)
    peak_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return time.process_time() - start, os.getpid(), peak_bytes


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
                done = list(pool.imap_unordered(timed, paths * int(rest[0]), IMAGES_PER_TURN))
                seconds = time.perf_counter() - start
                peaks = {process: peak_bytes for _, process, peak_bytes in sorted(done, key=lambda one: one[2])}
                cost = {"seconds": seconds, "processor_seconds": sum(processor for processor, _, _ in done)}
                answer = json.dumps({**cost, "peak_bytes": sum(peaks.values())})
            print(answer, flush=True)


if __name__ == "__main__":
    os.environ["OMP_NUM_THREADS"] = "1"
    main()
