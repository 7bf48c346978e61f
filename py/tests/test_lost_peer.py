"""An exception that only tells that another rank is gone, told from one of this rank's own."""

import os
import re
import signal
import socket
import subprocess
import sys

import pytest

from chexnet.runtime.lost_peer import is_lost_peer

TIMEOUT_SECONDS = 60

# As torch 2.9 to 2.15 and the libraries below it print them, some shortened at the end.
NCCL_REMOTE = (
    "NCCL error in: /pytorch/torch/csrc/distributed/c10d/NCCLUtils.hpp:268, remote process exited or there was a "
    "network error, NCCL version 2.21.5\nncclRemoteError: A call failed possibly due to a network error or a remote "
    "process exiting prematurely.\nLast error:\nsocketProgressOpt: Call to recv failed : Connection reset by peer"
)
NCCL_INTERNAL = (
    "NCCL error in: ProcessGroupNCCL.cpp:1275, internal error, NCCL version 2.14.3\nncclInternalError: Internal check "
    "failed.\nLast error:\nNet : Connection closed by remote peer user<50260>"
)
NCCL_USAGE = (
    "NCCL error in: ProcessGroupNCCL.cpp:1287, invalid usage, NCCL version 2.17.1\nncclInvalidUsage: This usually "
    "reflects invalid usage of NCCL library.\nLast error:\nDuplicate GPU detected : rank 0 and rank 1"
)
NCCL_CUDA = (
    "NCCL error in: ProcessGroupNCCL.cpp:1331, unhandled cuda error\nncclUnhandledCudaError: Call to CUDA function "
    "failed.\nLast error:\nCuda failure 'out of memory'"
)
LOST = [
    (
        "RuntimeError",
        "[/pytorch/third_party/gloo/gloo/transport/tcp/pair.cc:538] Connection closed by peer [10.0.0.1]:3",
    ),
    ("RuntimeError", "[../gloo/transport/tcp/pair.cc:589] Read error [10.0.0.1]:2: Connection reset by peer"),
    ("RuntimeError", "[/pytorch/third_party/gloo/gloo/transport/tcp/pair.cc:374] writev [::1]:54172: Broken pipe"),
    (
        "RuntimeError",
        "[../gloo/transport/tcp/unbound_buffer.cc:78] Timed out waiting 3000ms for recv operation to complete",
    ),
    ("RuntimeError", "[../gloo/transport/tcp/pair.cc:1055] Application timeout caused pair closure"),
    ("RuntimeError", "Gloo connectFullMesh failed with [../third_party/gloo/gloo/transport/tcp/pair.cc:144] no error"),
    (
        "torch.distributed.DistNetworkError",
        "Failed to recv, got 0 bytes. Connection was likely closed. Did the remote …",
    ),
    ("DistNetworkError", "The client socket has failed to connect to any network address of (node-a, 29500)."),
    ("DistStoreError", "wait timeout after 300000ms, keys: /default_pg/0//cpu//0/0"),
    ("DistBackendError", NCCL_REMOTE),
    ("DistBackendError", NCCL_INTERNAL),
    ("DistBackendError", "NCCL communicator was aborted on rank 0."),
    (
        "DistBackendError",
        "[Rank 3] Watchdog caught collective operation timeout: WorkNCCL(SeqNum=4, OpType=BROADCAST, …",
    ),
    ("RuntimeError", "Connection reset by peer"),
    ("RuntimeError", "Collective call returned error"),
]
OWN = [
    ("ValueError", "hccl takes no AVG"),
    ("RuntimeError", "hccl: tensors must be on hpu"),
    ("UserError", "the device hpu needs hccl, and its connection library is missing"),
    ("RuntimeError", "mat1 and mat2 shapes cannot be multiplied (32x1024 and 512x14)"),
    ("RuntimeError", "DataLoader worker (pid 4711) is killed by signal: Killed."),
    ("ConnectionResetError", "[Errno 104] Connection reset by peer"),
    ("BrokenPipeError", "[Errno 32] Broken pipe"),
    ("OutOfMemoryError", "CUDA out of memory. Tried to allocate 2.00 GiB."),
    ("DistBackendError", NCCL_USAGE),
    ("DistBackendError", NCCL_CUDA),
]

# Ranks 0 and 2 each wait for rank 1; only rank 0 loses patience.
RANK = """
import datetime, os, sys, torch
from torch import distributed
rank, port = int(sys.argv[1]), sys.argv[2]
distributed.init_process_group("gloo", init_method=f"tcp://127.0.0.1:{port}", rank=rank, world_size=3)
distributed.all_reduce(torch.ones(1))
print("met", flush=True)
try:
    sys.stdin.readline()
    patience = [datetime.timedelta(seconds=1)] if rank == 0 else []
    distributed.irecv(torch.ones(1), src=1).wait(*patience)
except Exception as error:
    print(type(error).__name__, str(error).replace(chr(10), " "), sep="|", flush=True)
    os._exit(0)
"""


@pytest.mark.parametrize(("kind", "message"), LOST)
def test_a_lost_peer_is_known_by_what_torch_says(kind: str, message: str) -> None:
    assert is_lost_peer(kind, message)


@pytest.mark.parametrize(("kind", "message"), OWN)
def test_an_error_of_the_rank_itself_is_none_though_it_speaks_of_connections(kind: str, message: str) -> None:
    assert not is_lost_peer(kind, message)


def test_torch_here_says_it_so() -> None:
    """A gloo peer that is stopped keeps its connection, and the wait runs out; one that is killed closes it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    ranks = [start_rank(rank, port) for rank in range(3)]
    try:
        assert [line_of(rank) for rank in ranks] == ["met"] * 3
        ranks[1].send_signal(signal.SIGSTOP)
        begin(ranks[0])
        begin(ranks[2])
        stopped = line_of(ranks[0])
        ranks[1].kill()
        killed = line_of(ranks[2])
    finally:
        for rank in ranks:
            end(rank)
    for said, saying in ((stopped, "Timed out waiting 1000ms"), (killed, "peer|pipe")):
        kind, _, message = said.partition("|")
        assert is_lost_peer(kind, message), said
        assert re.search(saying, message), said


def start_rank(rank: int, port: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", RANK, str(rank), port],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


def line_of(rank: "subprocess.Popen[str]") -> str:
    assert rank.stdout is not None
    return rank.stdout.readline().strip()


def begin(rank: "subprocess.Popen[str]") -> None:
    assert rank.stdin is not None
    rank.stdin.write("\n")
    rank.stdin.flush()


def end(rank: "subprocess.Popen[str]") -> None:
    rank.kill()
    rank.wait(timeout=TIMEOUT_SECONDS)
    for stream in (rank.stdin, rank.stdout):
        if stream is not None:
            stream.close()
