"""What stops a training: numbers that are not finite, and memory that is not there."""

from pathlib import Path

import pytest
import torch

from chexnet.mistakes import UserError
from chexnet.training.densenet import DenseNet
from chexnet.training.out_of_memory import is_out_of_memory, out_of_memory
from chexnet.training.params import parse_train_params
from tests.rig import Artifacts, run_job, train_arguments


def test_a_gradient_that_is_not_finite_stops_before_it_is_saved_though_the_loss_is(
    artifacts: Artifacts, tmp_path: Path
) -> None:
    model = DenseNet(outputs=14)
    with torch.no_grad():
        # Maps of 1e30 and a head of 1e-30: scores as ever, and the square of the head's gradient is no float32.
        torch.nn.init.constant_(model.features.get_parameter("norm5.weight"), 1e30)
        model.classifier.weight.mul_(1e-30)
    weights = tmp_path / "weights.pth"
    torch.save(model.state_dict(), weights)
    arguments = train_arguments(artifacts, tmp_path, weights=str(weights), checkpoint_steps=1, report_steps=4)

    ended = run_job("chexnet.training.train", arguments, tmp_path)

    assert ended.code == 2
    said = [line for line in ended.stderr.splitlines() if line.startswith("error: ")]
    assert len(said) == 1
    assert said[0].startswith("error: The gradient is no longer finite at step 1. Images of that step: ")
    assert said[0].count("_000.png") == 6
    assert not list((tmp_path / "resume").glob("checkpoint-*.pt"))


def test_a_host_without_memory_is_told_from_other_failures() -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(1 << 60, dtype=torch.uint8)

    assert is_out_of_memory(caught.value)
    assert is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."))
    assert is_out_of_memory(MemoryError())
    assert not is_out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))


@pytest.mark.parametrize(
    ("batch", "ranks", "accumulate", "message", "hint"),
    [
        (64, 2, 1, "Rank 1 ran out of memory with 32 images per step (batch_size 64).", "batch_size: 32."),
        (
            60,
            2,
            2,
            "Rank 1 ran out of memory with 30 images per step, in 2 passes of 15 (batch_size 60).",
            "accumulate: 5",
        ),
        (2, 2, 1, "Rank 1 ran out of memory with 1 images per step (batch_size 2).", "take a smaller input.crop"),
    ],
)
def test_too_little_memory_is_told_with_what_was_tried_and_what_to_try(
    batch: int, ranks: int, accumulate: int, message: str, hint: str
) -> None:
    params = parse_train_params(
        {
            "epochs": 1,
            "batch_size": batch,
            "ranks": ranks,
            "accumulate": accumulate,
            "input": {"crop": 32},
            "optimizer": {"name": "sgd", "lr": 0.1},
        }
    )

    mistake = out_of_memory(params, 1, resident=False)
    held = out_of_memory(params, 1, resident=True)

    assert isinstance(mistake, UserError)
    assert mistake.user_message == message
    assert hint in (mistake.hint or "")
    assert held.hint == f"Write resident: never, so that the images leave the device's memory. {mistake.hint}"
