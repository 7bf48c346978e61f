"""The runtime agent: `python -m chexnet.runtime.agent --dir <job folder>`. One agent, one job.

It outlives the driver that started it: a job that runs goes on to its end. With nothing to do, and no driver that
speaks to it for a while, it leaves. Its exit status:
0 done, 71 another agent has this folder, 72 port taken, 73 a package is missing, 100 + errno the disk refused.
"""

import argparse
import errno
import fcntl
import logging
import os
import signal
import sys
import uuid
from pathlib import Path

from chexnet.runtime.job import clear, write_whole
from chexnet.runtime.process import start_time

EXIT_LOCKED = 71
EXIT_PORT_TAKEN = 72
EXIT_PACKAGE_MISSING = 73
EXIT_ERRNO = 100

log = logging.getLogger("agent")


def main(arguments: list[str]) -> int:
    """Serve one job until it has ended and its driver has taken every event."""
    options = _options(arguments)
    # Sub-second lines on stderr, which the driver has pointed at agent.log.
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    # A log that cannot be written must not end a job that goes well.
    logging.raiseExceptions = False
    directory = Path(options.dir).resolve()
    try:
        lock = _take_lock(directory)
        return EXIT_LOCKED if lock is None else _serve(directory, options)
    except ModuleNotFoundError as error:
        log.error("%s: install pyzmq into the environment of %s", error, sys.executable)
        return EXIT_PACKAGE_MISSING
    except OSError as error:
        log.error("%s", error)
        return EXIT_ERRNO + (error.errno or 0)


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="chexnet.runtime.agent", description="Runs one job for a pipeline driver.")
    parser.add_argument("--dir", required=True, help="the job's folder")
    parser.add_argument("--keys", required=True, help="name of the file of CURVE keys in that folder")
    parser.add_argument("--port", type=int, default=0, help="on 127.0.0.1; any free one by default")
    parser.add_argument("--lease-seconds", type=float, default=60.0, help="leave after so long with nothing to do")
    return parser.parse_args(arguments)


def _take_lock(directory: Path) -> int | None:
    """The kernel drops the lock when the process ends, however it ends. None when another agent holds it."""
    descriptor = os.open(directory / "agent.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        log.error("another agent works in %s", directory)
        return None
    return descriptor


def _serve(directory: Path, options: argparse.Namespace) -> int:
    # Late, so that a missing package is a message and an exit status.
    import zmq

    from chexnet.runtime.door import open_door, read_keys
    from chexnet.runtime.service import Service

    killed = clear(directory)
    if killed:
        log.warning("killed what an earlier agent left behind: %s", killed)
    try:
        door = open_door(read_keys(directory / options.keys), options.port)
    except zmq.ZMQError as error:
        if error.errno != errno.EADDRINUSE:
            raise OSError(error.errno, str(error)) from None
        log.error("port %d is taken by another program", options.port)
        return EXIT_PORT_TAKEN
    service = Service(directory, door, uuid.uuid4().hex, options.lease_seconds)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda received, _: service.stop(signal.Signals(received).name))
    _announce(directory, options.keys, door.port, service.epoch)
    try:
        service.run()
    finally:
        door.close()
    log.info("done")
    return 0


def _announce(directory: Path, keys: str, port: int, epoch: str) -> None:
    pid = os.getpid()
    endpoint = {"port": port, "pid": pid, "start_time": start_time(pid), "epoch": epoch, "keys": keys}
    write_whole(directory / "endpoint.json", endpoint)
    # Keys of agents that are gone open nothing any more.
    for path in directory.glob("keys-*.json"):
        if path.name != keys:
            path.unlink(missing_ok=True)
    log.info("agent %d listens on 127.0.0.1:%d", pid, port)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
