"""Small data sets in the artifacts' formats, and jobs on them in real processes."""

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from chexnet.findings import FINDINGS

SOURCE = Path(__file__).resolve().parents[1]
TIMEOUT_SECONDS = 150


@dataclass(frozen=True, slots=True)
class Artifacts:
    """The folders that preprocess, split and the dataset stage would leave."""

    images: Path
    folds: Path
    dataset: Path


def make_artifacts(folder: Path, *, count: int = 40, side: int = 32, seed: int = 0) -> Artifacts:
    """60 % train, 20 % val, 20 % test; every finding is a bright spot in a place of its own."""
    artifacts = Artifacts(images=folder / "images", folds=folder / "folds", dataset=folder / "dataset")
    for path in (artifacts.images, artifacts.folds, artifacts.dataset):
        path.mkdir(parents=True)
    random = np.random.default_rng(seed)
    labels = random.random((count, len(FINDINGS))) < 0.3
    pixels = random.normal(100, 25, (count, side, side))
    cell = side // 4
    for finding in range(len(FINDINGS)):
        top, left = divmod(finding, 4)
        pixels[labels[:, finding], top * cell : (top + 1) * cell, left * cell : (left + 1) * cell] += 60
    np.save(artifacts.images / "images.npy", np.clip(pixels, 0, 255).astype(np.uint8))
    names = [f"{patient:08d}_000.png" for patient in range(count)]
    folds = ["train" if at < count * 0.6 else "val" if at < count * 0.8 else "test" for at in range(count)]
    found = ["|".join(name for name, here in zip(FINDINGS, row, strict=True) if here) for row in labels]
    _table(
        artifacts.images / "index.csv",
        "row,image,sha256,bytes,width,height,mode,mean",
        [f"{at},{name},0,1,{side},{side},L,100" for at, name in enumerate(names)],
    )
    _table(artifacts.images / "quarantine.csv", "image,reason", [])
    _table(
        artifacts.folds / "folds.csv",
        "image,patient,fold",
        [f"{name},{at},{folds[at]}" for at, name in enumerate(names)],
    )
    _table(
        artifacts.dataset / "metadata.csv",
        "image,patient,age,sex,view,follow_up,findings",
        [f"{name},{at},50,F,PA,0,{found[at]}" for at, name in enumerate(names)],
    )
    return artifacts


def train_arguments(artifacts: Artifacts, folder: Path, **params: object) -> dict[str, object]:
    """A job for training into folder/out, small unless `params` say otherwise."""
    small: dict[str, object] = {
        "device": "cpu",
        "ranks": 1,
        "threads": 1,
        "seed": 3,
        "epochs": 2,
        "batch_size": 6,
        "input": {"crop": 32, "normalize": "per-image"},
        "optimizer": {"name": "adamw", "lr": 1e-3, "weight_decay": 0.01},
        "schedule": {"name": "cosine", "warmup": 0.2},
        "checkpoint_steps": 2,
        "report_steps": 2,
    }
    return _arguments(artifacts, folder, {**small, **params})


def predict_arguments(artifacts: Artifacts, model: Path, folder: Path, **params: object) -> dict[str, object]:
    """A job for scoring with model/best.pt into folder/out."""
    small: dict[str, object] = {"device": "cpu", "ranks": 1, "threads": 1, "batch_size": 4}
    return {**_arguments(artifacts, folder, {**small, **params}), "model": str(model)}


@dataclass(frozen=True, slots=True)
class Ended:
    """What is left of a job that has ended. `events`: its journal."""

    code: int
    stderr: str
    events: list[dict[str, object]]

    def of_type(self, name: str) -> list[dict[str, object]]:
        return [event for event in self.events if event["type"] == name]


def run_job(module: str, arguments: Mapping[str, object], folder: Path, *, ranks: int = 1) -> Ended:
    """Run a job to its end."""
    journal = folder / "journal.ndjson"
    journal.unlink(missing_ok=True)
    command = job_command(module, arguments, folder, ranks=ranks)
    done = subprocess.run(
        command, env=environment(journal), cwd=SOURCE, capture_output=True, text=True, timeout=TIMEOUT_SECONDS
    )
    lines = journal.read_text().splitlines() if journal.exists() else []
    return Ended(code=done.returncode, stderr=done.stderr, events=[json.loads(line) for line in lines])


@dataclass(frozen=True, slots=True)
class Forge:
    """Runs jobs as ranks forked from `process` (see forge.py), one at a time: torch is imported once for all."""

    process: "subprocess.Popen[str]"

    def run(self, module: str, arguments: Mapping[str, object], folder: Path, *, ranks: int = 1) -> Ended:
        """A job to its end. The code is that of the first rank that failed."""
        journal = folder / "journal.ndjson"
        journal.unlink(missing_ok=True)
        self._ask(start=self._order(module, arguments, folder, ranks, journal))
        code = self.wait()
        lines = journal.read_text().splitlines() if journal.exists() else []
        return Ended(code, (folder / "stderr.log").read_text(), [json.loads(line) for line in lines])

    def start(self, module: str, arguments: Mapping[str, object], folder: Path, *, ranks: int = 1) -> "Forged":
        """A job whose events are waited for. It must be waited for too."""
        pipe = folder / "journal.pipe"
        folder.mkdir(parents=True, exist_ok=True)
        pipe.unlink(missing_ok=True)
        os.mkfifo(pipe)
        # For writing too, so that opening does not wait, nor is the pipe at its end before the job has begun.
        descriptor = os.open(pipe, os.O_RDWR)
        pids: list[int] = self._ask(start=self._order(module, arguments, folder, ranks, pipe))["pids"]
        return Forged(self, pids, _events_while(descriptor, pids[0]))

    def wait(self) -> int:
        """Until all ranks have ended: 0, or the code of the first rank that has another; negative for a signal."""
        codes: list[int] = self._ask(wait=0)["codes"]
        return next((code for code in codes if code not in (0, -signal.SIGKILL)), min(codes))

    def close(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(timeout=TIMEOUT_SECONDS)

    def _ask(self, **request: object) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer

    def _order(
        self, module: str, arguments: Mapping[str, object], folder: Path, ranks: int, journal: Path
    ) -> dict[str, object]:
        folder.mkdir(parents=True, exist_ok=True)
        job, stderr = folder / "job.json", folder / "stderr.log"
        job.write_text(json.dumps(arguments))
        stderr.unlink(missing_ok=True)
        order = {"module": module, "job": str(job), "ranks": ranks, "stderr": str(stderr)}
        return {**order, "environment": environment(journal)}


@dataclass(frozen=True, slots=True)
class Forged:
    """A job of the forge under way."""

    forge: Forge
    pids: list[int]
    events: Iterator[dict[str, object]]

    def until(self, **fields: object) -> dict[str, object]:
        """The next event with these fields."""
        for event in self.events:
            if all(event.get(name) == value for name, value in fields.items()):
                return event
        raise AssertionError(f"the job ended before {fields}")

    def end(self, number: signal.Signals) -> int:
        """Send all ranks the signal at once, and wait for them."""
        for pid in self.pids:
            os.kill(pid, number)
        return self.forge.wait()


def start_forge() -> Forge:
    command = [sys.executable, "-m", "tests.forge"]
    pipe = subprocess.PIPE
    return Forge(subprocess.Popen(command, env=environment(None), cwd=SOURCE, stdin=pipe, stdout=pipe, text=True))


def job_command(module: str, arguments: Mapping[str, object], folder: Path, *, ranks: int) -> list[str]:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "job.json").write_text(json.dumps(arguments))
    return [sys.executable, *torchrun(ranks), "-m", module, "--job", str(folder / "job.json")]


def torchrun(ranks: int) -> list[str]:
    """Interpreter options that start so many ranks; none for a single process."""
    if ranks == 1:
        return []
    return ["-m", "torch.distributed.run", "--standalone", f"--nproc_per_node={ranks}", "--local_addr=127.0.0.1"]


def environment(journal: Path | None) -> dict[str, str]:
    """One thread per rank, waiting ones asleep, and no trace of this process's own ranks."""
    paths = [str(SOURCE), *filter(None, [os.environ.get("PYTHONPATH")])]
    own = {"CHEXNET_JOURNAL": str(journal)} if journal else {}
    return {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "OMP_WAIT_POLICY": "PASSIVE",
        "PYTHONPATH": os.pathsep.join(paths),
        **own,
    }


def _arguments(artifacts: Artifacts, folder: Path, params: Mapping[str, object]) -> dict[str, object]:
    return {
        "params": dict(params),
        "images": str(artifacts.images),
        "folds": str(artifacts.folds),
        "dataset": str(artifacts.dataset),
        "out": str(folder / "out"),
        "resume": str(folder / "resume"),
        "findings": list(FINDINGS),
    }


def _events_while(descriptor: int, pid: int) -> Iterator[dict[str, object]]:
    """The events that come through a pipe while this process lives."""
    rest = b""
    while select.select([descriptor], [], [], 0.2)[0] or _lives(pid):
        if select.select([descriptor], [], [], 0)[0]:
            *whole, rest = (rest + os.read(descriptor, 65536)).split(b"\n")
            yield from map(json.loads, whole)
    os.close(descriptor)


def _lives(pid: int) -> bool:
    """Whether it has not ended; who started it has perhaps not been told yet."""
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


def _table(path: Path, header: str, lines: list[str]) -> None:
    path.write_text("\n".join([header, *lines]) + "\n")
