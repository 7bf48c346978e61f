"""The prediction job: `python -m torch.distributed.run … -m chexnet.training.predict --job job.json`."""

import argparse
import os
from pathlib import Path
from typing import NoReturn

from chexnet.accelerators.environment import prepare_environment
from chexnet.runtime.journal import Journal
from chexnet.training.entry import run_rank


def main() -> NoReturn:
    """One rank, from the command line to the exit code."""
    parser = argparse.ArgumentParser(description="Score the images of a job file with a trained model.")
    parser.add_argument("--job", type=Path, required=True, help="the job's arguments as JSON")
    path: Path = parser.parse_args().job
    run_rank(lambda: _predict(path))


def _predict(path: Path) -> int:
    prepare_environment(os.environ)
    # Only now: torch reads the environment when it is imported, and takes more than a second.
    from chexnet.training.job import parse_predict_job, read_job
    from chexnet.training.predictor import run_prediction

    return run_prediction(parse_predict_job(read_job(path)), Journal.from_environment())


if __name__ == "__main__":
    main()
