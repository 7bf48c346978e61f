"""Stands between the agent and a job's first process: `python -m chexnet.runtime.start <gate> <argv…>`.

It ties itself to the agent, waits until the agent has recorded it, and becomes the command. (A function run between
fork and exec could do the same, but not safely beside the threads of ZeroMQ.)
"""

import os
import sys

from chexnet.runtime.process import die_with_parent


def main(arguments: list[str]) -> None:
    """Replace this process by the command once a byte comes through the gate; end if the agent is gone."""
    gate, command = int(arguments[0]), arguments[1:]
    die_with_parent()
    if os.read(gate, 1) != b"!":
        sys.exit("the agent ended before the job began")
    os.close(gate)
    os.execv(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])
