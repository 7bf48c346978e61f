"""main.py typed as the project that this one descends from had it typed, on an emulated hpu: not measured."""

import os
import re
from pathlib import Path

import pytest

from chexnet.findings import FINDINGS
from chexnet.training.lists import prepare_lists, read_lists
from tests.hpu.bench import Bench
from tests.hpu.build import Unbuildable, build
from tests.rig import SOURCE, Artifacts
from tests.test_main import state_of

SAMPLE = Path(os.environ.get("NIH_SAMPLE_DIR") or SOURCE.parents[1] / "shared" / "data" / "nih-sample")
# As typed, but that the tests' interpreter and a free port are used.
TORCHRUN = ["-m", "torch.distributed.run", "--nnodes=1", "--nproc_per_node=2", "--standalone", "--local_addr=127.0.0.1"]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    built = build()
    if isinstance(built, Unbuildable):
        pytest.skip(f"no emulated hpu device: {built.because}")
    return Bench(built.library, tmp_path_factory.mktemp("cards"), lazy=False)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state directory in which the 160 real radiographs lie preprocessed, small; labels are made up."""
    if not (SAMPLE / "images").is_dir():
        pytest.skip(f"no radiographs in {SAMPLE}; NIH_SAMPLE_DIR names another folder")
    pytest.importorskip("PIL.Image", reason="reading PNGs without the pipeline needs Pillow")
    folder = tmp_path_factory.mktemp("state")
    names = sorted(path.name for path in (SAMPLE / "images").glob("*.png"))
    lists = {}
    for fold, images in {"train": names[:128], "val": names[128:144], "test": names[144:]}.items():
        lists[fold] = folder / f"{fold}.txt"
        labels = [[str((at + number) % 5 // 4) for number in range(len(FINDINGS))] for at in range(len(images))]
        lines = [" ".join([name, *row]) for name, row in zip(images, labels, strict=True)]
        lists[fold].write_text("\n".join(lines))
    sources = prepare_lists(read_lists(lists, FINDINGS), SAMPLE / "images", folder / "own", side=32)
    return state_of(Artifacts(sources.images, sources.folds, sources.dataset), folder)


def test_torchrun_with_hpu_as_the_origin_typed_it_trains_on_160_real_images(bench: Bench, home: Path) -> None:
    env = {**bench.environment(None), "PIPELINE_HOME": str(home)}

    done = bench.python([*TORCHRUN, "main.py", "--hpu"], env)

    assert done.returncode == 0, done.stderr
    assert "2 × hpu (emulated hpu (tests only), eager mode" in done.stderr
    assert re.search(r"^epoch 3/3  train loss 0\.\d{4}  val loss \d+\.\d{4}  val AUROC 0\.\d{4}", done.stderr, re.M)
    assert "hpu-" not in done.stderr
    assert "Gaudi" not in done.stderr
    assert len(list((home / "main").glob("model-*/best.pt"))) == 1


def test_one_process_without_an_option_takes_the_hpu_and_says_why(bench: Bench, home: Path) -> None:
    env = {**bench.environment(None), "PIPELINE_HOME": str(home)}

    done = bench.python(["main.py", "--epochs", "1", "--use_lazy_mode"], env)

    assert done.returncode == 0, done.stderr
    assert "1 × hpu (emulated hpu (tests only), lazy mode" in done.stderr
    assert "auto: the first looked for" in done.stderr
