"""Whether an exception only tells that another rank is gone: then that rank is to blame, not this one.

The sayings are those of torch 2.9 to 2.15 and of the libraries below it, with where each is raised.
"""

import re

# torch raises nothing else for a connection between ranks. A ConnectionResetError or BrokenPipeError of Python's own
# comes from a pipe inside one rank (a loader's worker), so it is not among them.
_TYPES = frozenset({"RuntimeError", "DistError", "DistBackendError", "DistNetworkError", "DistStoreError"})

_SAYINGS = (
    # gloo, transport/tcp: the other end of a pair was closed, or the network in between.
    r"connection closed by peer",
    r"remote peer closed the connection",
    r"(?:read|write) error \[|(?:readv|writev) \[",
    r"application timeout caused pair closure",
    r"gloo connectFullMesh failed",
    # gloo, unbound_buffer.cc: the other rank is there and says nothing.
    r"timed out waiting \d+ms for (?:recv|send) operation",
    # Of a socket, by the system: gloo, c10d and Gaudi's bridge pass them on.
    r"connection reset by peer|broken pipe|connection refused|connection timed out",
    r"no route to host|network is unreachable|software caused connection abort",
    # c10d's store, socket.cpp and Utils.hpp: the rank (or torchrun) that kept it is gone.
    r"connection was likely closed",
    r"the client socket has (?:failed to connect|timed out)",
    r"wait timeout after \d+ms, keys",
    r"timed out after .* waiting for clients",
    # c10d, ProcessGroupGloo.cpp.
    r"failed to pass monitoredBarrier|timed out in monitoredBarrier|received errors while waiting",
    # NCCL, and what ProcessGroupNCCL.cpp says for it.
    r"remote process exited or there was a network error|ncclRemoteError",
    r"connection closed by remote peer",
    r"watchdog caught collective operation timeout",
    r"NCCL communicator (?:was aborted|encountered error set by ProcessGroupNCCL)",
    # Gaudi's bridge, for every result of hccl that is not hcclSuccess; a wrong call is said before it comes to that.
    r"^collective call returned error",
)
_SAYING = re.compile("|".join(_SAYINGS), re.IGNORECASE)
# NCCL appends "Last error", which may speak of a peer although this rank called it wrongly.
_OWN_FAULT = re.compile(r"ncclInvalidUsage|ncclInvalidArgument|ncclUnhandledCudaError", re.IGNORECASE)


def is_lost_peer(kind: str, message: str) -> bool:
    """`kind`: the exception's class, with or without its module."""
    if kind.rpartition(".")[2] not in _TYPES or _OWN_FAULT.search(message):
        return False
    return _SAYING.search(message) is not None
