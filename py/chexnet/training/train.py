"""The training job: `python -m torch.distributed.run … -m chexnet.training.train --job job.json`."""

import argparse
import os
from pathlib import Path
from typing import NoReturn

from chexnet.accelerators.environment import prepare_environment
from chexnet.runtime.journal import Journal
from chexnet.training.entry import run_rank


def main() -> NoReturn:
    """One rank, from the command line to the exit code."""
    parser = argparse.ArgumentParser(description="Train the network of a job file on its images.")
    parser.add_argument("--job", type=Path, required=True, help="the job's arguments as JSON")
    path: Path = parser.parse_args().job
    run_rank(lambda: _train(path))


def _train(path: Path) -> int:
    prepare_environment(os.environ)
    # Only now: torch reads the environment when it is imported, and takes more than a second.
    from chexnet.training.job import parse_train_job, read_job
    from chexnet.training.trainer import run_training

    return run_training(parse_train_job(read_job(path)), Journal.from_environment(patient=True))


if __name__ == "__main__":
    main()
