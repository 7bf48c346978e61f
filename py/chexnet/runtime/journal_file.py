"""The file of a journal: whole lines, whoever is killed in the middle of one."""

import errno
import os

# A line travels in one frame of at most 1 MiB; the rest is the frame's own fields.
MAX_LINE_BYTES = (1 << 20) - 4096


def cut_torn_line(path: str) -> int:
    """Shorten the file to whole lines; only while no process writes it. Returns the bytes that were cut off."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return 0
    try:
        size = end = os.fstat(descriptor).st_size
        while end > 0:
            start = max(0, end - 65536)
            newline = os.pread(descriptor, end - start, start).rfind(b"\n")
            if newline >= 0:
                end = start + newline + 1
                break
            end = start
        if end < size:
            os.ftruncate(descriptor, end)
        return size - end
    finally:
        os.close(descriptor)


def last_lines(path: str) -> list[bytes]:
    """The last whole lines without their ends, in order; none where there is no file."""
    try:
        with open(path, "rb") as file:
            start = max(0, file.seek(0, 2) - MAX_LINE_BYTES)
            file.seek(start)
            lines = file.read().split(b"\n")[:-1]
    except FileNotFoundError:
        return []
    return lines[1:] if start > 0 and len(lines) > 1 else lines


def sync_file(descriptor: int) -> None:
    """Wait until it is on the disk."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        # A pipe, by which somebody watches a job, keeps nothing.
        if error.errno != errno.EINVAL:
            raise


def write_line(descriptor: int, line: bytes) -> None:
    """The line or nothing of it."""
    written = os.write(descriptor, line)
    if written == len(line):
        return
    # Only a full disk splits a small write.
    try:
        written += os.write(descriptor, line[written:])
    except OSError:
        os.ftruncate(descriptor, os.fstat(descriptor).st_size - written)
        raise
    if written != len(line):
        os.ftruncate(descriptor, os.fstat(descriptor).st_size - written)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
