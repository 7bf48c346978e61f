"""A training that was stopped or killed ends with the bits of an undisturbed one, on any number of ranks."""

import json
import shutil
import signal
from pathlib import Path

import pytest
import torch

from tests.results import EVERYTHING, assert_same_results, newest_step, resumed_from, steps_without_times
from tests.rig import Artifacts, Forge, train_arguments
from tests.tiny import TINY


# Four ranks too: from three on gloo adds in an order that DDP's layout decides.
@pytest.mark.parametrize(
    ("ranks", "passes", "stopped_at", "killed_at"), [(1, 3, 1, 4), (2, 1, 3, 5), (3, 2, 1, None), (4, 1, None, 3)]
)
def test_stopped_politely_or_killed_and_resumed_it_ends_like_an_undisturbed_one(
    artifacts: Artifacts,
    forge: Forge,
    tmp_path: Path,
    ranks: int,
    passes: int,
    stopped_at: int | None,
    killed_at: int | None,
) -> None:
    params = {**EVERYTHING, "ranks": ranks, "accumulate": passes}
    undisturbed, disturbed = tmp_path / "undisturbed", tmp_path / "disturbed"
    ended = forge.run(TINY, train_arguments(artifacts, undisturbed, **params), undisturbed, ranks=ranks)
    assert ended.code == 0, ended.stderr
    plain = train_arguments(artifacts, disturbed, **params)
    last = 0

    if stopped_at is not None:
        running = forge.start(TINY, plain, disturbed, ranks=ranks)
        running.until(type="steps", first_step=stopped_at)
        # The ranks agree on a step, also when only one of them has been asked.
        code = running.end(signal.SIGTERM)
        last = newest_step(disturbed / "resume")
        assert code == 128 + signal.SIGTERM
        assert last >= stopped_at
    if killed_at is not None:
        often = train_arguments(artifacts, disturbed, **{**params, "checkpoint_steps": killed_at})
        running = forge.start(TINY, often, disturbed, ranks=ranks)
        assert running.until(type="device")["resumed_from_step"] == (last or None)
        running.until(type="checkpoint", step=killed_at)
        running.end(signal.SIGKILL)
        last = newest_step(disturbed / "resume")
        assert last >= killed_at
    resumed = forge.run(TINY, plain, disturbed, ranks=ranks)

    assert resumed.code == 0, resumed.stderr
    assert resumed_from(resumed) == last
    assert_same_results(disturbed / "out", undisturbed / "out")
    rates = [row["learning_rate"] for row in steps_without_times(disturbed / "out")]
    assert rates[3] == 1e-3
    assert rates[4:] == [1e-4] * 2


def test_a_training_goes_on_with_another_number_of_ranks_and_says_so(
    artifacts: Artifacts, forge: Forge, tmp_path: Path
) -> None:
    params = {**EVERYTHING, "ranks": 2, "checkpoint_steps": 3}
    running = forge.start(TINY, train_arguments(artifacts, tmp_path, **params), tmp_path, ranks=2)
    running.until(type="checkpoint", step=3)
    running.end(signal.SIGKILL)
    left = tmp_path / "left"
    shutil.copytree(tmp_path / "resume", left)
    step = newest_step(left)

    alone = forge.run(TINY, train_arguments(artifacts, tmp_path, **{**params, "ranks": 1}), tmp_path)

    said = f"resumed on 1 rank after 2 ranks from step {step}"
    assert alone.code == 0, alone.stderr
    (device,) = alone.of_type("device")
    assert (device["resumed_from_step"], device["ranks"], device["resumed_from_ranks"]) == (step, 1, 2)
    told = f"{said}: not bit-equal to a training without this change"
    assert [event["text"] for event in alone.of_type("warning")] == [told]
    assert f"warning: {told}" in alone.stderr
    facts = alone.of_type("summary")[-1]["facts"]
    assert isinstance(facts, dict)
    assert facts["other_ranks"] == said
    change = [{"after_step": step, "ranks_before": 2, "ranks": 1}]
    assert json.loads((tmp_path / "out" / "latest.json").read_text())["other_ranks"] == change
    assert torch.load(tmp_path / "out" / "last.pt", weights_only=True)["other_ranks"] == change
    # The same images in the same steps: the first loss is that of the same weights, apart from the statistics.
    rows = steps_without_times(tmp_path / "out")
    assert [row["step"] for row in rows] == list(range(1, 7))
