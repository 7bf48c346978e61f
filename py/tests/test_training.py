"""What a training reports, keeps and refuses; what a prediction writes."""

import csv
import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

from chexnet.findings import FINDINGS
from chexnet.mistakes import UserError
from chexnet.runtime.journal import Journal
from chexnet.training.files import sha256_of
from chexnet.training.job import parse_predict_job, parse_train_job
from chexnet.training.predictor import run_prediction
from chexnet.training.trainer import run_training
from tests.rig import Artifacts, Forge, make_artifacts, predict_arguments, run_job, train_arguments
from tests.tiny import train_tiny


@contextmanager
def as_before() -> Iterator[None]:
    """A training in this process changes what the process does on signals, and torch's ways."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)
    torch.use_deterministic_algorithms(False)


@pytest.fixture
def as_it_was() -> Iterator[None]:
    with as_before():
        yield


@dataclass(frozen=True, slots=True)
class Trained:
    """A finished training. Never written to."""

    arguments: dict[str, object]
    folder: Path
    events: list[dict[str, object]]


@pytest.fixture(scope="module")
def trained(artifacts: Artifacts, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    folder = tmp_path_factory.mktemp("trained")
    arguments = train_arguments(artifacts, folder)
    with as_before():
        return Trained(arguments, folder, train_here(arguments, folder))


def train_here(arguments: dict[str, object], folder: Path) -> list[dict[str, object]]:
    """Train in this process; the events of its journal."""
    journal = folder / "journal.ndjson"
    assert run_training(parse_train_job(arguments), Journal(str(journal))) == 0
    return [json.loads(line) for line in journal.read_text().splitlines()]


def tiny_here(arguments: dict[str, object], folder: Path) -> list[dict[str, object]]:
    """The same with a tiny network."""
    journal = folder / "journal.ndjson"
    assert train_tiny(arguments, Journal(str(journal))) == 0
    return [json.loads(line) for line in journal.read_text().splitlines()]


def test_a_training_reports_steps_epochs_checkpoints_and_leaves_its_files(trained: Trained) -> None:
    events, out = trained.events, trained.folder / "out"

    assert [event["type"] for event in events] == [
        "device",
        *["steps", "progress", "checkpoint", "steps", "progress", "epoch", "checkpoint"] * 2,
        "summary",
    ]
    steps = [event for event in events if event["type"] == "steps"]
    assert [event["first_step"] for event in steps] == [1, 3, 5, 7]
    assert [event["epoch"] for event in steps] == [1, 1, 2, 2]
    assert all(event["images"] == 12 for event in steps)
    rows = [json.loads(line) for line in (out / "steps.ndjson").read_text().splitlines()]
    assert [row["step"] for row in rows] == list(range(1, 9))
    assert [row["loss"] for row in rows] == [loss for event in steps for loss in as_list(event["losses"])]
    with open(out / "history.csv", newline="") as file:
        history = list(csv.DictReader(file))
    assert [row["epoch"] for row in history] == ["1", "2"]
    assert float(history[0]["train_loss"]) == pytest.approx(sum(row["loss"] for row in rows[:4]) / 4)
    latest = json.loads((out / "latest.json").read_text())
    assert (latest["epochs"], latest["steps"], latest["last"]["epoch"]) == (2, 8, 2)
    model = torch.load(out / "best.pt", weights_only=True)
    assert model["findings"] == list(FINDINGS)
    assert model["input"] == {"crop": 32, "normalize": "per-image"}
    # No time, no path, nothing that only changes the speed: equal trainings give equal files.
    assert "threads" not in model["params"]
    assert str(trained.folder) not in json.dumps(model["params"])


@pytest.mark.usefixtures("as_it_was")
def test_a_loss_that_is_not_finite_stops_with_the_images_and_keeps_the_last_good_checkpoint(
    artifacts: Artifacts, tmp_path: Path
) -> None:
    arguments = train_arguments(
        artifacts,
        tmp_path,
        optimizer={"name": "sgd", "lr": 1e12, "momentum": 0.0},
        schedule={"name": "constant", "warmup": 1.0},
        checkpoint_steps=1,
    )

    with pytest.raises(UserError) as caught:
        tiny_here(arguments, tmp_path)

    assert "no longer finite at step" in caught.value.user_message
    assert caught.value.user_message.count("_000.png") == 6
    assert "The last good checkpoint is kept." in (caught.value.hint or "")
    for path in (tmp_path / "resume").glob("checkpoint-*.pt"):
        weights = torch.load(path, weights_only=True)["weights"]
        assert all(bool(tensor.isfinite().all()) for tensor in weights.values())


@pytest.mark.usefixtures("as_it_was")
def test_without_a_better_epoch_training_ends_early(artifacts: Artifacts, tmp_path: Path) -> None:
    arguments = train_arguments(
        artifacts,
        tmp_path,
        epochs=9,
        early_stopping_epochs=1,
        freeze_batch_norm=True,
        optimizer={"name": "sgd", "lr": 1e-12},
        schedule={"name": "constant"},
        checkpoint_steps=100,
    )

    events = tiny_here(arguments, tmp_path)

    facts = events[-1]["facts"]
    assert isinstance(facts, dict)
    # Scores that do not move tie, and a tie goes to the earlier epoch.
    assert (facts["epochs"], facts["best_epoch"], facts["stopped_early"]) == (2, 1, True)


@pytest.mark.usefixtures("as_it_was")
@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"batch_size": 25}, "The fold train has 24 images, fewer than one batch of 25"),
        ({"input": {"crop": 64, "normalize": "xray"}}, "input.crop is 64 and the images are stored at 32 pixels"),
        (
            {"batch_size": 6, "accumulate": 6},
            "Each pass of a rank has one image (batch_size 6 over 1 ranks and accumulate 6), and at input.crop 32",
        ),
        ({"clip_norm": 0}, "params.clip_norm is 0; it must be a number above 0"),
        ({"ranks": 2}, "The job is for 2 ranks and 1 were started"),
        ({"ranks": 4}, "params.batch_size is 6, which 4 ranks cannot share evenly"),
        ({"lr": 1}, "params has no field lr"),
        (
            {"optimizer": {"name": "lion", "lr": 1}},
            "params.optimizer.name is 'lion'; it must be one of sgd, adam, adamw",
        ),
        ({"weights": "/no/such/file.pt"}, "There is no file /no/such/file.pt"),
    ],
)
def test_what_cannot_be_trained_is_told(
    artifacts: Artifacts, tmp_path: Path, params: dict[str, object], message: str
) -> None:
    with pytest.raises(UserError) as caught:
        train_here(train_arguments(artifacts, tmp_path, **params), tmp_path)

    assert caught.value.user_message.startswith(message)


def test_a_mistake_ends_the_process_with_2_one_message_and_no_trace(artifacts: Artifacts, tmp_path: Path) -> None:
    done = run_job("chexnet.training.train", train_arguments(artifacts, tmp_path, batch_size=25), tmp_path)

    assert done.code == 2
    assert done.stderr.splitlines() == [
        "error: The fold train has 24 images, fewer than one batch of 25.",
        "  Lower batch_size.",
    ]


@pytest.mark.usefixtures("as_it_was")
def test_a_finished_training_writes_its_results_again_without_a_step(trained: Trained, tmp_path: Path) -> None:
    out = tmp_path / "out"

    again = train_here({**trained.arguments, "out": str(out)}, tmp_path)

    assert [event["type"] for event in again] == ["device", "summary"]
    first = trained.folder / "out"
    names = sorted(path.name for path in out.iterdir())
    assert names == ["best.pt", "history.csv", "last.pt", "latest.json", "steps.ndjson"]
    assert [sha256_of(out / name) for name in names] == [sha256_of(first / name) for name in names]


def test_predictions_do_not_depend_on_the_number_of_ranks(
    artifacts: Artifacts, trained: Trained, forge: Forge, tmp_path: Path
) -> None:
    texts = []
    for ranks in (1, 2, 3):
        folder = tmp_path / f"ranks-{ranks}"
        arguments = predict_arguments(artifacts, trained.folder / "out", folder, ranks=ranks)
        done = forge.run("chexnet.training.predict", arguments, folder, ranks=ranks)
        assert done.code == 0, done.stderr
        assert done.of_type("progress")[-1]["done"] == 16
        facts = done.of_type("summary")[-1]["facts"]
        assert isinstance(facts, dict)
        assert (facts["images"], facts["val_images"], facts["test_images"]) == (16, 8, 8)
        texts.append((folder / "out" / "predictions.csv").read_text())

    # Bit for bit, which is more than the 2e-6 that is asked for.
    assert texts[0] == texts[1] == texts[2]
    rows = list(csv.reader(texts[0].splitlines()))
    assert rows[0] == ["image", "patient", "fold", *FINDINGS]
    assert [row[0] for row in rows[1:]] == [f"{number:08d}_000.png" for number in range(24, 40)]
    assert [row[2] for row in rows[1:]] == ["val"] * 8 + ["test"] * 8
    scores = np.array([row[3:] for row in rows[1:]], dtype=np.float64)
    assert ((scores > 0) & (scores < 1)).all()
    assert all(str(np.float32(cell)) == cell for row in rows[1:] for cell in row[3:])


def test_more_ranks_than_images_score_every_image_once(trained: Trained, forge: Forge, tmp_path: Path) -> None:
    few = make_artifacts(tmp_path / "few", count=5)
    scores = []
    for ranks, batch_size in ((1, 2), (3, 1)):
        folder = tmp_path / f"ranks-{ranks}"
        arguments = predict_arguments(few, trained.folder / "out", folder, ranks=ranks, batch_size=batch_size)
        done = forge.run("chexnet.training.predict", arguments, folder, ranks=ranks)
        assert done.code == 0, done.stderr
        rows = list(csv.reader((folder / "out" / "predictions.csv").read_text().splitlines()))[1:]
        assert [(row[0], row[2]) for row in rows] == [("00000003_000.png", "val"), ("00000004_000.png", "test")]
        scores.append(np.array([row[3:] for row in rows], dtype=np.float64))

    # The batches have another shape, so the last bits may differ.
    assert np.abs(scores[0] - scores[1]).max() <= 2e-6


@pytest.mark.usefixtures("as_it_was")
def test_a_model_for_other_findings_is_refused(artifacts: Artifacts, trained: Trained, tmp_path: Path) -> None:
    content = torch.load(trained.folder / "out" / "best.pt", weights_only=True)
    path = tmp_path / "best.pt"
    torch.save({**content, "findings": ["Mass"]}, path)

    with pytest.raises(UserError, match="was trained on other findings"):
        run_prediction(parse_predict_job(predict_arguments(artifacts, path.parent, tmp_path)), Journal(None))


@pytest.mark.usefixtures("as_it_was")
def test_without_a_validation_fold_the_last_epoch_is_best(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = make_artifacts(tmp_path / "own", count=10)
    folds = own.folds / "folds.csv"
    folds.write_text(folds.read_text().replace(",val", ",test"))

    events = tiny_here(train_arguments(own, tmp_path, checkpoint_steps=9), tmp_path)

    assert "nothing is validated, and the last epoch counts as best" in capsys.readouterr().err
    facts = events[-1]["facts"]
    assert isinstance(facts, dict)
    assert (facts["best_epoch"], facts["best_measure"], facts["val_auroc_macro"]) == (2, "none", None)


@pytest.mark.usefixtures("as_it_was")
def test_images_that_are_not_at_hand_are_told_and_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = make_artifacts(tmp_path / "own", count=10)
    with open(own.folds / "folds.csv", "a") as file:
        file.write("00000777_000.png,777,train\n")

    events = tiny_here(train_arguments(own, tmp_path, checkpoint_steps=9, epochs=1), tmp_path)

    assert "1 of 11 images of folds.csv are not at hand and are left out (1 of train)" in capsys.readouterr().err
    facts = events[-1]["facts"]
    assert isinstance(facts, dict)
    assert (facts["train_images"], facts["images_not_at_hand"]) == (6, 1)


def as_list(value: object) -> list[object]:
    assert isinstance(value, list)
    return value
