"""Writing, mending and following a job's journal."""

import json
import math
import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

import pytest

from chexnet.runtime.journal import (
    Epoch,
    EpochMetrics,
    Journal,
    Log,
    Progress,
    Steps,
    Summary,
)
from chexnet.runtime.journal_file import MAX_LINE_BYTES, cut_torn_line
from chexnet.runtime.protocol import check_event
from chexnet.runtime.tail import JournalReader

SOURCE = Path(__file__).parents[1]
METRICS = EpochMetrics(0.5, 0.4, 0.81, 14, 1e-4, 12.5, 10.0, 48.0, 250.0, 300.0, 512.0, 0.01, None, None, True)


def lines_of(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_an_event_is_one_line_that_the_protocol_accepts(tmp_path: Path) -> None:
    journal = Journal(str(tmp_path / "journal.ndjson"))
    journal.append(Progress(1, 2, "steps"))
    journal.append(Epoch(1, 3, METRICS))
    journal.append({"type": "log", "rank": 0, "stream": "stdout", "line": "two\nlines"})
    lines = lines_of(tmp_path / "journal.ndjson")
    for line in lines:
        check_event(line)
    assert [line["type"] for line in lines] == ["progress", "epoch", "log"]


def test_a_value_that_is_not_finite_is_null_with_a_note(tmp_path: Path) -> None:
    journal = Journal(str(tmp_path / "journal.ndjson"))
    journal.append(Steps(1, 1, [0.5, math.nan], [0.1, 0.1], 64, 1e-4))
    journal.append(Summary({"loss": -math.inf}))
    steps, summary = lines_of(tmp_path / "journal.ndjson")
    check_event(steps)
    assert (steps["losses"], steps["note"]) == ([0.5, None], "losses[1] was nan")
    assert (summary["facts"], summary["note"]) == ({"loss": None}, "facts.loss was -inf")


def test_a_line_that_no_frame_could_carry_is_refused(tmp_path: Path) -> None:
    journal = Journal(str(tmp_path / "journal.ndjson"))
    with pytest.raises(ValueError, match="above the limit"):
        journal.append(Log(0, "stderr", "x" * MAX_LINE_BYTES))
    assert not (tmp_path / "journal.ndjson").exists()


def test_without_a_journal_lines_for_people_are_printed(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("CHEXNET_JOURNAL", raising=False)
    journal = Journal.from_environment()
    journal.append(Epoch(1, 3, METRICS))
    journal.append(Steps(1, 1, [0.5], [0.1], 64, 1e-4))
    captured = capfd.readouterr()
    assert captured.out == ""
    assert captured.err == (
        "epoch 1/3  train loss 0.5000  val loss 0.4000  val AUROC 0.8100  48.0 images/s  12.5 s  best so far\n"
    )


def test_the_environment_names_the_journal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CHEXNET_JOURNAL", str(tmp_path / "journal.ndjson"))
    Journal.from_environment().append(Progress(1, 2, "steps"))
    assert len(lines_of(tmp_path / "journal.ndjson")) == 1


def test_lines_of_several_processes_do_not_mix(tmp_path: Path) -> None:
    path = tmp_path / "journal.ndjson"
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write_lines, args=(str(path), rank)) for rank in range(2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sorted(str(line["line"])[0] for line in lines_of(path)) == ["0"] * 500 + ["1"] * 500


def _write_lines(path: str, rank: int) -> None:
    journal = Journal(path)
    for _ in range(500):
        journal.append(Log(rank, "stderr", str(rank) * 2000))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"", b""),
        (b"one\n", b"one\n"),
        (b"one\ntw", b"one\n"),
        (b"tw", b""),
        (b"one\n" + b"x" * 200_000, b"one\n"),
        (b"one\n" + b"x" * 65_536, b"one\n"),
    ],
)
def test_a_torn_line_is_cut_off(tmp_path: Path, before: bytes, after: bytes) -> None:
    path = tmp_path / "journal.ndjson"
    path.write_bytes(before)
    assert cut_torn_line(str(path)) == len(before) - len(after)
    assert path.read_bytes() == after


def test_a_journal_that_is_not_there_needs_no_mending(tmp_path: Path) -> None:
    assert cut_torn_line(str(tmp_path / "journal.ndjson")) == 0


def test_a_reader_waits_for_the_end_of_a_line(tmp_path: Path) -> None:
    path = tmp_path / "journal.ndjson"
    reader = JournalReader(str(path))
    assert reader.read(10) == []
    with open(path, "ab", buffering=0) as file:
        file.write(b"one\ntw")
        assert reader.read(10) == [(1, b"one")]
        file.write(b"o\nthree\nfour\n")
        assert reader.read(2) == [(2, b"two"), (3, b"three")]
        assert reader.read(10) == [(4, b"four")]
    reader.close()


def test_a_reader_goes_to_any_line(tmp_path: Path) -> None:
    path = tmp_path / "journal.ndjson"
    path.write_bytes(b"".join(b"%d\n" % number for number in range(1, 10_001)))
    reader = JournalReader(str(path))
    reader.skip_to(9_000)
    assert reader.read(1) == [(9_001, b"9001")]
    reader.skip_to(2)
    assert reader.read(1) == [(3, b"3")]
    reader.skip_to(20_000)
    assert (reader.seq, reader.read(1)) == (10_000, [])
    reader.close()


def test_a_full_disk_is_an_error_of_the_system() -> None:
    if not os.path.exists("/dev/full"):
        pytest.skip("this system has no /dev/full")
    with pytest.raises(OSError, match="No space left"):
        Journal("/dev/full").append(Progress(1, 2, "steps"))


def test_what_people_read_may_be_sent_to_a_disk_that_is_full() -> None:
    # Ends as a rank does: the interpreter's own end would try the disk once more, and give 120.
    code = (
        "import os; from chexnet.runtime.journal import Journal, Warned; "
        "Journal(None).append(Warned('of no account')); os._exit(0)"
    )
    with open("/dev/full", "w", encoding="utf-8") as full:
        ended = subprocess.run([sys.executable, "-c", code], cwd=SOURCE, stderr=full, check=False)
    assert ended.returncode == 0
