"""Devices are chosen with a reason, asked for by name or missed aloud, and named nowhere else."""

import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import torch

from chexnet.accelerators import cpu, hpu
from chexnet.accelerators.choose import PROBES, choose
from chexnet.accelerators.environment import prepare_environment
from chexnet.accelerators.names import NAMES
from chexnet.accelerators.protocol import HOST, Absent, Place
from chexnet.accelerators.require import require, require_sync_batch_norm
from chexnet.accelerators.survey import survey
from chexnet.mistakes import UserError
from tests.rig import SOURCE, environment

ALONE = Place(local_rank=0, local_size=1, threads=1)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a CUDA device")
def test_auto_takes_the_processor_and_says_what_it_passed_over() -> None:
    choice = choose("auto", ALONE)

    assert choice.accelerator.name == "cpu"
    assert choice.because.startswith(
        "auto: no hpu, the Python package habana_frameworks.torch is not installed; no cuda, "
    )
    assert choice.accelerator.describe().endswith(", 1 thread per rank")


def test_a_device_asked_for_and_absent_is_never_replaced() -> None:
    with pytest.raises(UserError) as caught:
        choose("hpu", ALONE)

    assert caught.value.user_message.startswith(
        "No Gaudi accelerator (hpu) is here: the Python package habana_frameworks.torch is not installed. "
        "Looked for: the Python package habana_frameworks.torch (not installed); device files "
    )
    assert caught.value.hint is not None
    assert "PIPELINE_PYTHON" in caught.value.hint


def test_what_the_bridge_reads_at_import_is_set_before_and_the_users_values_stay() -> None:
    fresh: dict[str, str] = {}
    chosen = {"PT_HPU_LAZY_MODE": "1"}
    prepare_environment(fresh)
    prepare_environment(chosen)

    assert fresh["PT_HPU_LAZY_MODE"] == "0"
    assert fresh["PT_HPU_AUTOLOAD"] == "0"
    assert chosen["PT_HPU_LAZY_MODE"] == "1"


def test_what_a_device_cannot_compute_in_is_refused_with_what_it_can() -> None:
    with pytest.raises(UserError) as caught:
        require(choose("cpu", ALONE).accelerator, "tf32")

    assert caught.value.user_message.endswith(" cannot compute in tf32.")
    assert caught.value.hint == "Use precision: fp32 or bf16 or fp16 or fp64."


@pytest.mark.parametrize(
    ("flags", "remarks"),
    [
        ("fpu avx2", ["this processor has no instructions for bf16: it is emulated, and slower than fp32"]),
        ("amx_bf16", []),
    ],
)
def test_an_old_processor_says_that_bf16_is_emulated(
    flags: str, remarks: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cpuinfo").write_text(f"model name\t: Some processor\nflags\t\t: {flags}\n")
    monkeypatch.setattr(cpu, "CPUINFO", tmp_path / "cpuinfo")
    processor = cpu.CpuAccelerator(threads=1)

    assert list(processor.remarks("bf16")) == remarks
    assert processor.remarks("fp32") == ()


@pytest.mark.parametrize("name", NAMES)
def test_every_device_is_there_or_says_what_was_looked_for(name: str) -> None:
    found = PROBES[name](ALONE)

    if isinstance(found, Absent):
        assert found.because
        assert found.looked_for
        assert found.remedy
    else:
        assert found.name == name


def test_ranks_share_batch_norm_statistics_only_where_the_device_can() -> None:
    processor = choose("cpu", ALONE).accelerator

    with pytest.raises(UserError) as caught:
        require_sync_batch_norm(processor)

    assert caught.value.user_message == (f"{processor.describe()} cannot share batch-norm statistics between ranks.")


def test_the_survey_names_every_device_that_torch_sees_with_what_it_supports() -> None:
    found = survey()

    assert found["version"] == torch.__version__
    devices = found["accelerators"]
    assert isinstance(devices, list)
    processor = devices[-1]
    assert (processor["name"], processor["supports"]["compiler"]) == ("cpu", "inductor")
    assert processor["supports"]["precisions"] == ("fp32", "bf16", "fp16", "fp64")


def test_stamps_give_the_seconds_between_them() -> None:
    accelerator = choose("cpu", ALONE).accelerator
    stamps = [accelerator.stamp() for _ in range(3)]

    assert len(accelerator.seconds_between(stamps)) == 2
    assert all(seconds >= 0 for seconds in accelerator.seconds_between(stamps))


@pytest.mark.parametrize(("lazy", "marks"), [("0", 0), ("1", 2)])
def test_a_gaudi_is_used_as_documented(tmp_path: Path, lazy: str, marks: int) -> None:
    """Against a stand-in for habana_frameworks that records what is asked of it, in a process of its own."""
    write_stand_in(tmp_path)
    program = textwrap.dedent("""
        import os
        from chexnet.accelerators.environment import prepare_environment
        prepare_environment(os.environ)
        from chexnet.accelerators.choose import PROBES, choose
        from chexnet.accelerators.protocol import Place
        choice = choose("auto", Place(local_rank=1, local_size=2, threads=1))
        gaudi = choice.accelerator
        gaudi.after_backward()
        gaudi.after_step()
        import habana_frameworks.torch.core as core
        options = gaudi.data_parallel_options()
        print(choice.because, gaudi.device, gaudi.backend, options, core.MARKS, core.MODE, sep="|")
        print(gaudi.capabilities.compiler, gaudi.free_memory_bytes())
    """)
    env = {**environment(None), "PYTHONPATH": f"{tmp_path}:{SOURCE}", "PT_HPU_LAZY_MODE": lazy}
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, timeout=60)

    assert done.stderr == ""
    first, second = done.stdout.strip().split("\n")
    because, device, backend, options, marked, mode = first.split("|")
    assert because == "auto: the first looked for"
    # Never an index and never device_ids: a process sees one card.
    assert (device, backend, options) == ("hpu", "hccl", "{'bucket_cap_mb': 100}")
    assert (marked, mode) == (str([1] * marks), lazy)
    # Lazy mode knows no torch.compile; this stand-in does not tell how much memory is free.
    assert second == ("None None" if lazy == "1" else "hpu_backend None")


def test_a_bridge_for_another_torch_is_told_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "habana_frameworks" / "torch"
    package.mkdir(parents=True)
    (package.parent / "__init__.py").touch()
    (package / "__init__.py").write_text("raise AssertionError('built for torch 2.9')\n")
    monkeypatch.syspath_prepend(tmp_path)

    absent = hpu.probe(ALONE)

    assert not isinstance(absent, hpu.HpuAccelerator)
    assert "does not load with torch" in absent.because
    assert "built for torch 2.9" in absent.because


def test_no_file_outside_the_package_names_a_device() -> None:
    named = re.compile(rf"""["'.]({"|".join([*NAMES, "habana", "hccl", "nccl"])})\b""")
    sources = [*(SOURCE / "chexnet" / "training").glob("*.py"), SOURCE / "main.py"]
    allowed = re.compile(r"_LOST_PEER = ")
    found = [
        f"{path.name}:{number}: {line.strip()}"
        for path in sources
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if named.search(line) and not allowed.search(line)
    ]

    assert len(sources) > 20
    assert found == []
    assert str(HOST) == "cpu"


def write_stand_in(folder: Path) -> None:
    """A package with the names that the documentation gives: one device, counted step marks."""
    torch_package = folder / "habana_frameworks" / "torch"
    for path in (torch_package / "core", torch_package / "hpu", torch_package / "distributed" / "hccl"):
        path.mkdir(parents=True)
    for path in (
        torch_package.parent,
        torch_package,
        torch_package / "distributed",
        torch_package / "distributed/hccl",
    ):
        (path / "__init__.py").write_text("")
    (torch_package / "core" / "__init__.py").write_text(
        "import os\nMODE = os.environ['PT_HPU_LAZY_MODE']\nMARKS = []\ndef mark_step():\n    MARKS.append(1)\n"
    )
    (torch_package / "hpu" / "__init__.py").write_text(
        "def is_available():\n    return True\ndef device_count():\n    return 1\n"
        "def get_device_name():\n    return 'GAUDI2'\n"
    )
