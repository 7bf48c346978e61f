"""A busy neighbour: `python -m tests.bench.burner THREADS SECONDS` multiplies matrices until the time is over."""

import sys
import time

from chexnet.runtime.process import die_with_parent

_SIDE = 1024


def main() -> None:
    die_with_parent()
    import torch

    torch.set_num_threads(int(sys.argv[1]))
    end = time.monotonic() + float(sys.argv[2])
    factor = torch.full((_SIDE, _SIDE), 1e-3)
    print("ready", flush=True)
    while time.monotonic() < end:
        torch.mm(factor, factor)


if __name__ == "__main__":
    main()
