"""The training job with a network of eleven layers in place of 121: for tests of everything but the network.

`python -m tests.tiny --job job.json`, as chexnet.training.train.
"""

import argparse
import os
from pathlib import Path

from chexnet.accelerators.environment import prepare_environment
from chexnet.runtime.journal import Journal
from chexnet.training.entry import run_rank
from chexnet.training.job import parse_train_job, read_job

TINY = "tests.tiny"
# Of a megabyte and a bit: DDP needs two buckets for its gradients.
_BLOCKS = (1, 2, 2, 1)


def train_tiny(arguments: dict[str, object], journal: Journal) -> int:
    """The exit code of this rank."""
    from chexnet.training.densenet import DenseNet
    from chexnet.training.trainer import run_training

    return run_training(
        parse_train_job(arguments), journal, building=lambda _, outputs: DenseNet(outputs, blocks=_BLOCKS)
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--job", type=Path, required=True)
    path: Path = parser.parse_args().job
    prepare_environment(os.environ)
    run_rank(lambda: train_tiny(read_job(path), Journal.from_environment(patient=True)))


if __name__ == "__main__":
    main()
