"""Training without the pipeline: `torchrun --nnodes=1 --nproc_per_node=8 main.py --hpu`, or `python main.py`.

The same runtime as the pipeline's train stage. Without --data_dir it takes what the pipeline has preprocessed last.
"""

import argparse
import contextlib
import hashlib
import io
import json
import os
from collections.abc import Sequence
from pathlib import Path

from chexnet.accelerators.environment import prepare_environment
from chexnet.accelerators.names import AUTO, NAMES
from chexnet.findings import FINDINGS
from chexnet.mistakes import UserError
from chexnet.runtime.journal import Journal
from chexnet.training.entry import run_rank, say

_STATE = Path(os.environ.get("PIPELINE_HOME") or Path(__file__).resolve().parents[1] / ".pipeline")


def main(arguments: Sequence[str] | None = None) -> int:
    """One rank's exit code. Raises UserError."""
    options = _parse(arguments)
    prepare_environment(os.environ, lazy=options.use_lazy_mode)
    # Only now: torch reads the environment when it is imported.
    from chexnet.accelerators.choose import choose
    from chexnet.training.job import parse_train_job
    from chexnet.training.trainer import run_training
    from chexnet.training.world import place_of, ranks_of

    # Before any image is decoded: a device that is not there ends it.
    ranks = ranks_of(os.environ)
    choose(options.device, place_of(ranks, None))
    job = parse_train_job(_job(options))
    code = run_training(job, Journal.from_environment(patient=True), must_resume=options.resume is not None)
    if code == 0 and ranks.rank == 0:
        say(f"the model is {job.out / 'best.pt'}")
    return code


def _job(options: argparse.Namespace) -> dict[str, object]:
    import numpy as np

    from chexnet.training.discover import newest_sources
    from chexnet.training.lists import prepare_lists, read_lists

    own: Path = options.state_dir / "main"
    lists: dict[str, Path] = {fold: path for fold in ("train", "val", "test") if (path := options.lists[fold])}
    if options.data_dir is None and lists:
        raise UserError("Lists name images of a folder, and none is given.", "Add --data_dir FOLDER.")
    if options.data_dir is not None:
        if "train" not in lists:
            raise UserError("A folder of images needs a list that names them.", "Add --train_image_list FILE.")
        listed = read_lists(lists, FINDINGS)
        sources = prepare_lists(listed, options.data_dir, own, side=options.size)
    else:
        sources = newest_sources(options.state_dir)
    stored = np.load(sources.images / "images.npy", mmap_mode="r").shape[1]
    params = _params(options, crop=options.crop or min(stored, 224))
    content = {"params": params, **{name: str(getattr(sources, name)) for name in ("images", "folds", "dataset")}}
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]
    out: Path = options.out or own / f"model-{digest}"
    resume: Path = options.resume or own / f"resume-{digest}"
    return {**content, "out": str(out), "resume": str(resume), "findings": FINDINGS}


def _params(options: argparse.Namespace, *, crop: int) -> dict[str, object]:
    return {
        "device": options.device,
        "ranks": int(os.environ.get("WORLD_SIZE", "1")),
        "seed": options.seed,
        "epochs": options.epochs,
        "batch_size": options.batch_size,
        "weights": options.model_path,
        "input": {"crop": crop, "normalize": "per-image"},
        "optimizer": {
            "name": options.optimizer,
            "lr": options.lr,
            "weight_decay": options.weight_decay,
            "momentum": options.momentum,
        },
        "schedule": {"name": "cosine", "warmup": 0.15},
        "precision": options.precision,
    }


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The options; what argparse would print on every rank is said once."""
    complaint = io.StringIO()
    try:
        with contextlib.redirect_stderr(complaint):
            options = _parser().parse_args(arguments)
    except SystemExit as end:
        if end.code == 0:
            raise
        _, _, what = complaint.getvalue().rpartition("error: ")
        raise UserError(f"{what.strip()}.", "main.py --help lists the options.") from None
    options.lists = {fold: getattr(options, f"{fold}_image_list") for fold in ("train", "val", "test")}
    return options


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="main.py", description="Train CheXNet (DenseNet-121) without the pipeline.")
    data = parser.add_argument_group("data (without --data_dir: the newest images in the pipeline's state directory)")
    data.add_argument("--state_dir", type=Path, default=_STATE, help="default: %(default)s")
    data.add_argument("--data_dir", "--images", type=Path, help="folder of PNG images")
    for fold in ("train", "val", "test"):
        data.add_argument(f"--{fold}_image_list", f"--{fold}_list", type=Path, help="lines: name and 14 times 0 or 1")
    data.add_argument("--size", type=int, default=256, help="pixels at which PNGs are stored")
    data.add_argument("--crop", type=int, help="pixels that the model sees; default: what is stored, at most 224")
    training = parser.add_argument_group("training")
    training.add_argument("--epochs", type=int, default=3)
    training.add_argument("--batch_size", type=int, default=32, help="over all ranks")
    training.add_argument("--optimizer", choices=("sgd", "adam", "adamw"), default="adamw")
    training.add_argument("--lr", type=float, default=1e-3)
    training.add_argument("--weight_decay", type=float, default=0.01)
    training.add_argument("--momentum", type=float, default=0.9, help="of sgd")
    training.add_argument("--precision", choices=("fp32", "tf32", "bf16", "fp16", "fp64"), default="fp32")
    training.add_argument("--seed", type=int, default=0)
    training.add_argument("--model_path", help="weights to start from")
    training.add_argument(
        "--resume",
        type=Path,
        help="folder of checkpoints to go on from, of a training with the same options, on any number of processes; "
        "with the same number those of these options are found without it",
    )
    training.add_argument("--out", type=Path, help="folder for the model; default: in the state directory")
    device = parser.add_argument_group("device (default: the first that is there)").add_mutually_exclusive_group()
    for name in NAMES:
        device.add_argument(f"--{name}", dest="device", action="store_const", const=name, default=AUTO)
    parser.add_argument("--use_lazy_mode", action="store_true", help="Gaudi's graph mode, for its first generation")
    return parser


if __name__ == "__main__":
    run_rank(main)
