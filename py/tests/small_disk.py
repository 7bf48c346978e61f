"""A file system of a few megabytes, where the system lets this user mount one."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True, slots=True)
class SmallDisk:
    """`within`: what to put before a command so that it may mount, and in the right place."""

    folder: Path
    within: Sequence[str]
    mount_point: Path

    def resize(self, size: str) -> None:
        """Such as 40m."""
        # With its source named, mount passes on no option of before: in a namespace some are not its own to give.
        options = ["-o", f"remount,size={size}", "tmpfs", str(self.mount_point)]
        subprocess.run([*self.within, "mount", *options], check=True)

    def fill(self) -> Path:
        """The file that takes all the room that is left."""
        ballast = self.folder / "ballast"
        with contextlib.suppress(OSError), open(ballast, "wb", buffering=0) as file:
            while file.write(bytes(4096)):
                pass
        return ballast


@contextlib.contextmanager
def small_disk(folder: Path, size: str) -> Iterator[SmallDisk]:
    """Mounted on `folder` meanwhile: by root here, by others in namespaces of their own. Else the test is skipped."""
    with contextlib.ExitStack() as stack:
        if os.geteuid() == 0:
            disk = stack.enter_context(_mounted_here(folder, size))
        else:
            disk = stack.enter_context(_mounted_elsewhere(folder, size))
        yield disk


@contextlib.contextmanager
def _mounted_here(folder: Path, size: str) -> Iterator[SmallDisk]:
    folder.mkdir(parents=True, exist_ok=True)
    mounted = subprocess.run([*_mount(size), str(folder)], capture_output=True, text=True, check=False)
    if mounted.returncode != 0:
        _skip(mounted.stderr)
    try:
        yield SmallDisk(folder, (), folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextlib.contextmanager
def _mounted_elsewhere(folder: Path, size: str) -> Iterator[SmallDisk]:
    """What a process mounts in its own namespaces is seen by others through its root directory."""
    if shutil.which("unshare") is None or shutil.which("nsenter") is None:
        _skip("there is no unshare or no nsenter")
    mount_point = folder.with_name(f"{folder.name}.mounted")
    mount_point.mkdir(parents=True, exist_ok=True)
    script = '"$@" && echo mounted && read -r _'
    command = ["unshare", "-Urm", "sh", "-c", script, "sh", *_mount(size), str(mount_point)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as keeper:
        assert keeper.stdout is not None
        assert keeper.stderr is not None
        # Closing its input, which Popen does in the end, ends it, and with it the namespaces and the mount.
        if keeper.stdout.readline() != "mounted\n":
            _skip(keeper.stderr.read())
        if folder.is_dir() and not folder.is_symlink():
            folder.rmdir()
        folder.symlink_to(f"/proc/{keeper.pid}/root{mount_point}")
        try:
            within = ["nsenter", "--target", str(keeper.pid), "--user", "--mount", "--preserve-credentials"]
            yield SmallDisk(folder, within, mount_point)
        finally:
            folder.unlink()


def _mount(size: str) -> list[str]:
    return ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs"]


def _skip(why: str) -> None:
    pytest.skip(f"NOT TESTED, what a full disk does: no file system can be mounted here, {why.strip()}")
