"""The backend hccl over gloo, and torch.distributed's entry points with the signatures that the bridge gives them."""

import datetime
import os
from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.distributed
from torch._C import _distributed_c10d
from torch.futures import Future

from ... import rules  # noqa: TID252


def initialize_distributed_hpu() -> None:
    """Which card is this process's: HABANA_VISIBLE_MODULES by local rank, else the local rank."""
    local_rank = os.environ.get("LOCAL_RANK")
    if "HLS_MODULE_ID" not in os.environ and local_rank is not None and os.environ.get("WORLD_SIZE", "1") != "1":
        visible = os.environ.get("HABANA_VISIBLE_MODULES")
        os.environ["HLS_MODULE_ID"] = visible.split(",")[int(local_rank)] if visible else local_rank


# Torch's own stubs of these know neither a process group written in Python nor what gloo's can do.
dist: Any = torch.distributed
c10d: Any = _distributed_c10d


class ProcessGroupHccl(dist.ProcessGroup):  # type: ignore[misc]
    """Runs gloo's collectives on the bytes of device tensors; refuses what HCCL refuses."""

    def __init__(self, store: Any, rank: int, size: int, timeout: datetime.timedelta) -> None:
        super().__init__(rank, size)
        self._gloo: Any = dist.ProcessGroupGloo(dist.PrefixStore("hccl", store), rank, size, timeout)

    def getBackendName(self) -> str:
        return "hccl"

    def allreduce(self, tensors: Any, options: Any = None) -> Any:
        options = dist.AllreduceOptions() if options is None else options
        rules.check(options.reduceOp != dist.ReduceOp.AVG, "average", "Unsupported ReduceOp for HCCL process group")
        return self._run(tensors, lambda host: self._gloo.allreduce(host, options))

    def broadcast(self, tensors: Any, options: Any = None, *_: Any) -> Any:
        options = dist.BroadcastOptions() if options is None else options
        return self._run(tensors, lambda host: self._gloo.broadcast(host, options))

    def allgather(self, outputs: Any, inputs: Any, options: Any = None) -> Any:
        options = c10d.AllgatherOptions() if options is None else options
        host = [[_host(tensor) for tensor in output] for output in outputs]
        self._gloo.allgather(host, [_host(tensor) for tensor in inputs], options).wait()
        return _done(outputs)

    def _allgather_base(self, output: Any, tensor: Any, options: Any = None) -> Any:
        del options
        parts = _host(output).view(self.size(), -1)
        self._gloo.allgather([list(parts)], [_host(tensor).view(-1)], c10d.AllgatherOptions()).wait()
        return _done(output)

    # What torch 2.13 calls the same.
    all_gather_single = _allgather_base

    def barrier(self, options: Any = None) -> Any:
        self._gloo.barrier(dist.BarrierOptions() if options is None else options).wait()
        return _done(None)

    def _run(self, tensors: Sequence[torch.Tensor], collective: Callable[[list[torch.Tensor]], Any]) -> Any:
        collective([_host(tensor) for tensor in tensors]).wait()
        return _done(tensors)


def _host(tensor: torch.Tensor) -> torch.Tensor:
    rules.check(tensor.device.type == "hpu", "host-tensor", f"hccl: the tensor is on {tensor.device}, not on hpu")
    view: torch.Tensor = torch.ops.hpu_emulation.host_view(tensor.detach())
    return view


def _done(result: object) -> Any:
    future: Future[object] = Future()
    future.set_result(result)
    return c10d._create_work_from_future(future)


def _create(options: Any, _: object) -> ProcessGroupHccl:
    return ProcessGroupHccl(options.store, options.group_rank, options.group_size, options.timeout)


initialize_distributed_hpu()
dist.Backend.register_backend("hccl", _create, devices=["hpu"], extended_api=True)

_init_process_group, _new_group = dist.init_process_group, dist.new_group


def init_process_group(
    backend: str,
    init_method: str | None = None,
    timeout: datetime.timedelta = datetime.timedelta(seconds=1800),
    world_size: int = -1,
    rank: int = -1,
    store: Any = None,
    group_name: str = "",
    pg_options: Any = None,
) -> None:
    """The signature is fixed: what torch has added since, as device_id, is a TypeError."""
    rules.check(backend == "hccl", "backend", f"the gradients of this device go through hccl, not {backend}")
    _init_process_group(backend, init_method, timeout, world_size, rank, store, group_name, pg_options)


def new_group(
    ranks: list[int] | None = None,
    timeout: datetime.timedelta | None = None,
    backend: str | None = None,
    pg_options: Any = None,
) -> Any:
    """The signature is fixed."""
    return _new_group(ranks, timeout, backend, pg_options)


dist.init_process_group = init_process_group
dist.new_group = new_group
