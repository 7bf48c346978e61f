"""The runtime agent: `python -m chexnet.runtime.agent --dir <job folder>`. One agent, one job.

It outlives the driver that started it: a job that runs goes on to its end. With nothing to do, and no driver that
speaks to it for a while, it leaves.

`--listen <host:port>` in place of `--dir`: it stays, and takes one job after another from drivers on other machines.

Its exit status: 0 done, 71 another agent has this folder, 72 port taken, 73 a package is missing, 100 + errno for what
else the system refused.
"""

import argparse
import errno
import logging
import os
import signal
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from chexnet.runtime.job import write_whole
from chexnet.runtime.job_folder import hold
from chexnet.runtime.process import arm_parent_death_signal, start_time

if TYPE_CHECKING:
    from chexnet.runtime.service import Service

EXIT_LOCKED = 71
EXIT_PORT_TAKEN = 72
EXIT_PACKAGE_MISSING = 73
EXIT_ERRNO = 100

log = logging.getLogger("agent")


def main(arguments: list[str]) -> int:
    """Serve until there is nothing left to do."""
    options = _options(arguments)
    # Sub-second lines on stderr, which the driver has pointed at agent.log.
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    # A log that cannot be written must not end a job that goes well.
    logging.raiseExceptions = False
    try:
        return _serve_folder(options) if options.listen is None else _stand(options)
    except ModuleNotFoundError as error:
        log.error("%s: install pyzmq into the environment of %s", error, sys.executable)
        return EXIT_PACKAGE_MISSING
    except OSError as error:
        log.error("%s", error.strerror if error.filename is None and error.strerror else error)
        return EXIT_PORT_TAKEN if error.errno == errno.EADDRINUSE else EXIT_ERRNO + (error.errno or 0)


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="chexnet.runtime.agent", description="Runs jobs for a pipeline driver.")
    place = parser.add_mutually_exclusive_group(required=True)
    place.add_argument("--dir", help="the folder of the one job")
    place.add_argument("--listen", help="host:port, for one job after another")
    parser.add_argument("--keys", required=True, help="file of CURVE keys; with --dir its name in that folder")
    parser.add_argument("--program", help="version of the program that starts this agent")
    parser.add_argument("--end-with-parent", action="store_true", help="save and end when the parent process is gone")
    parser.add_argument("--port", type=int, default=0, help="with --dir: on 127.0.0.1; any free one by default")
    lease = "leave, or with --listen let go of a job that has ended, after so long without a word from its driver"
    parser.add_argument("--lease-seconds", type=float, default=60.0, help=lease)
    return parser.parse_args(arguments)


def _serve_folder(options: argparse.Namespace) -> int:
    directory = Path(options.dir).resolve()
    folder = hold(directory)
    if folder is None:
        log.error("another agent works in %s", directory)
        return EXIT_LOCKED
    # Late, so that a missing package is a message and an exit status.
    from chexnet.runtime.door import open_door, read_keys
    from chexnet.runtime.service import Service
    from chexnet.runtime.work import OneJob, Work

    door = open_door(read_keys(directory / options.keys), options.port)
    service = Service(Work(OneJob(folder, options.lease_seconds)), door, uuid.uuid4().hex, options.program)
    _hear_signals(service)
    _announce(directory, options.keys, door.port, service.epoch)
    return _run(service)


def _stand(options: argparse.Namespace) -> int:
    from chexnet.runtime.door import open_door, read_keys
    from chexnet.runtime.service import Service
    from chexnet.runtime.work import Standing, Work

    if options.end_with_parent and not _tie_to_parent():
        log.info("the process that started this agent is gone")
        return 0
    host, _, port = options.listen.rpartition(":")
    door = open_door(read_keys(Path(options.keys)), int(port), host=host.strip("[]"))
    service = Service(Work(Standing(options.lease_seconds)), door, uuid.uuid4().hex, options.program)
    _hear_signals(service)
    log.info("agent %d listens on %s", os.getpid(), door.address)
    return _run(service)


def _tie_to_parent() -> bool:
    """Have this process told to end when its parent is gone; False when it is gone already."""
    parent = os.getppid()
    arm_parent_death_signal(signal.SIGTERM)
    # It may have died before the promise was made; then nobody would tell.
    return os.getppid() == parent


def _hear_signals(service: "Service") -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda received, _: service.stop(signal.Signals(received).name))


def _run(service: "Service") -> int:
    try:
        service.run()
    finally:
        service.door.close()
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
