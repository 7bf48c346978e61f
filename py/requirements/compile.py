"""Writes the .txt files of this folder anew from the .in files. Needs `uv` on the PATH (or its path as argument).

`uv pip compile --universal` pins for every Python from 3.10 and every platform at once, with the digests of all files.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
CUDA_ONLY = re.compile(r"^(nvidia-|cuda-|triton)")
# PyPy's needs; the pipeline runs on CPython.
LEFT_OUT = ("cffi", "pycparser")


def main(uv: str) -> None:
    default = compiled(uv, "default.in")
    pinned = [block for block in blocks(default) if not block.startswith("torch==")]
    torch = next(block for block in blocks(default) if block.startswith("torch=="))
    # `===` takes the registry's build alone: with `==`, a CPU wheel that pip also finds would win and fail its digest.
    write("default.txt", [torch.replace("==", "===", 1), *pinned])
    cpu_torch = [line for line in lines("cpu.in") if not line.startswith("#")]
    # First in the file, since pip asks for packages in this order: where there is no such wheel, it says so at once.
    write("cpu.txt", ["\n".join(cpu_torch), *(block for block in pinned if not CUDA_ONLY.match(block))])
    write("dev.txt", blocks(compiled(uv, "dev.in", "-c", "default.txt", left_out=("numpy", "scipy"))))


def compiled(uv: str, source: str, *options: str, left_out: tuple[str, ...] = ()) -> str:
    command = [uv, "pip", "compile", source, "--universal", "--generate-hashes", "--python-version", "3.10"]
    command += ["--quiet", "--no-header", "--no-annotate", *options]
    for package in (*LEFT_OUT, *left_out):
        command += ["--no-emit-package", package]
    return subprocess.run(command, cwd=HERE, check=True, capture_output=True, text=True).stdout


def blocks(text: str) -> list[str]:
    """A requirement with its continuation lines each; comments are dropped."""
    kept = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    return [block.strip() for block in re.split(r"\n(?=\S)", kept) if block.strip()]


def lines(name: str) -> list[str]:
    return (HERE / name).read_text().splitlines()


def write(name: str, requirements: list[str]) -> None:
    header = "# Written by compile.py; hashes are of every file that the registry has for that version."
    (HERE / name).write_text("\n".join([header, *requirements]) + "\n")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "uv")
