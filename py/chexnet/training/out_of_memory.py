"""A device without enough memory, told as a mistake that the user can mend."""

import re

import torch

from chexnet.mistakes import UserError
from chexnet.training.params import TrainParams

_TEXT = re.compile(r"out of memory|can't allocate memory|DefaultCPUAllocator", re.IGNORECASE)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a device or the host had no memory left; backends say so in different ways."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and _TEXT.search(str(error)) is not None


def out_of_memory(params: TrainParams, rank: int, *, resident: bool) -> UserError:
    """What was tried and what to try instead. `resident`: images stay in the device's memory."""
    share = params.batch_size // params.ranks
    tried = share // params.accumulate
    passes = "" if params.accumulate == 1 else f", in {params.accumulate} passes of {tried}"
    message = f"Rank {rank} ran out of memory with {share} images per step{passes} (batch_size {params.batch_size})."
    first = "Write resident: never, so that the images leave the device's memory. " if resident else ""
    smaller = next((size for size in range(tried // 2, 0, -1) if share % size == 0), None)
    if smaller is None:
        return UserError(message, f"{first}One image at a time is too much: take a smaller input.crop.")
    return UserError(
        message,
        f"{first}Try accumulate: {share // smaller} (passes of {smaller}; the loss is that of the same batch, batch "
        f"norm sees {smaller} images at a time), or batch_size: {smaller * params.ranks * params.accumulate}.",
    )
