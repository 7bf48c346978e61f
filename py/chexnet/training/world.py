"""The ranks of a job: who they are, how they talk on the host, how they join and leave."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import torch
from torch import distributed

from chexnet.accelerators.protocol import HOST, Accelerator, Place
from chexnet.mistakes import UserError

# Longer than any rank works alone between two collectives: writing a checkpoint, computing metrics.
TIMEOUT_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Ranks:
    """This process among all and among those of its machine, before they have joined."""

    rank: int
    size: int
    local_rank: int
    local_size: int


@dataclass(frozen=True, slots=True)
class World:
    """Ranks that have joined. `host` is the group for metrics and consent; None when there is only one rank."""

    ranks: Ranks
    host: distributed.ProcessGroup | None

    @property
    def rank(self) -> int:
        return self.ranks.rank

    @property
    def size(self) -> int:
        return self.ranks.size

    @property
    def leads(self) -> bool:
        """Rank 0 alone writes files and events."""
        return self.ranks.rank == 0

    def gather(self, tensor: torch.Tensor) -> torch.Tensor:
        """Every rank's host tensor of equal shape, stacked in the order of ranks, on every rank."""
        if self.host is None:
            return tensor.unsqueeze(0)
        parts = [torch.empty_like(tensor) for _ in range(self.size)]
        distributed.all_gather(parts, tensor.contiguous(), group=self.host)
        return torch.stack(parts)

    def any(self, flag: bool) -> bool:
        """Whether it is true on some rank; all learn the same."""
        if self.host is None:
            return flag
        votes = torch.tensor([int(flag)])
        distributed.all_reduce(votes, op=distributed.ReduceOp.MAX, group=self.host)
        return bool(votes.item())

    def share(self, value: int) -> int:
        """Rank 0's number, on every rank."""
        if self.host is None:
            return value
        number = torch.tensor([value])
        distributed.broadcast(number, src=0, group=self.host)
        return int(number.item())

    def barrier(self) -> None:
        if self.host is not None:
            distributed.barrier(group=self.host)


def ranks_of(environment: Mapping[str, str]) -> Ranks:
    """From torchrun's variables; without them this is the only process."""
    if "RANK" not in environment:
        return Ranks(rank=0, size=1, local_rank=0, local_size=1)
    names = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE")
    missing = [name for name in names if name not in environment]
    if missing:
        raise UserError(f"RANK is set, but {', '.join(missing)} is not.", "Start the ranks with torchrun.")
    rank, size, local_rank, local_size = (int(environment[name]) for name in names)
    return Ranks(rank=rank, size=size, local_rank=local_rank, local_size=local_size)


def place_of(ranks: Ranks, threads: int | None) -> Place:
    """Fixes this process's host threads: `threads`, else an equal share of the cores that it may use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    own = threads if threads is not None else max(1, cores // ranks.local_size)
    torch.set_num_threads(own)
    return Place(local_rank=ranks.local_rank, local_size=ranks.local_size, threads=own)


def join(ranks: Ranks, accelerator: Accelerator, *, timeout_seconds: float) -> World:
    """Meet the other ranks. A collective that waits longer than the timeout fails instead of waiting for ever."""
    if ranks.size == 1:
        return World(ranks=ranks, host=None)
    timeout = timedelta(seconds=timeout_seconds)
    distributed.init_process_group(accelerator.backend, timeout=timeout)
    if accelerator.device == HOST:
        return World(ranks=ranks, host=distributed.group.WORLD)
    return World(ranks=ranks, host=distributed.new_group(backend="gloo", timeout=timeout))


def leave(world: World) -> None:
    """Wait for the other ranks and part, so that none ends while another still talks to it."""
    if world.host is not None:
        world.barrier()
        distributed.destroy_process_group()
