"""The kernels of torch.nn.SyncBatchNorm, which the bridge registers for the device, by their formulas."""

from typing import Any

import torch

Tensor = torch.Tensor


def _over(maps: Tensor) -> list[int]:
    return [dim for dim in range(maps.dim()) if dim != 1]


def _shaped(values: Tensor, maps: Tensor) -> Tensor:
    return values.view([-1 if dim == 1 else 1 for dim in range(maps.dim())])


def _stats(maps: Tensor, eps: float) -> tuple[Tensor, Tensor]:
    variance = maps.var(_over(maps), unbiased=False)
    return maps.mean(_over(maps)), (variance + eps).rsqrt()


def _gather(
    maps: Tensor,
    means: Tensor,
    inverses: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    momentum: float,
    eps: float,
    counts: Tensor,
) -> tuple[Tensor, Tensor]:
    del maps
    share = (counts / counts.sum())[:, None]
    mean = (share * means).sum(0)
    variance = (share * (inverses.pow(-2) - eps + means.pow(2))).sum(0) - mean.pow(2)
    if running_mean is not None and running_var is not None:
        running_mean.lerp_(mean, momentum)
        running_var.lerp_(variance * counts.sum() / (counts.sum() - 1), momentum)
    return mean, (variance + eps).rsqrt()


def _normalize(
    maps: Tensor, weight: Tensor | None, bias: Tensor | None, mean: Tensor, inverse: Tensor, eps: float
) -> Tensor:
    del eps
    scaled = (maps - _shaped(mean, maps)) * _shaped(inverse, maps)
    if weight is None or bias is None:
        return scaled
    return scaled * _shaped(weight, maps) + _shaped(bias, maps)


def _reduce(
    gradient: Tensor, maps: Tensor, mean: Tensor, inverse: Tensor, weight: Tensor | None, *wanted: bool
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    del weight, wanted
    total = gradient.sum(_over(maps))
    with_maps = (gradient * (maps - _shaped(mean, maps))).sum(_over(maps))
    return total, with_maps, with_maps * inverse, total


def _backward(
    gradient: Tensor,
    maps: Tensor,
    mean: Tensor,
    inverse: Tensor,
    weight: Tensor | None,
    total: Tensor,
    with_maps: Tensor,
    counts: Tensor,
) -> Tensor:
    count = counts.sum()
    slope = _shaped(with_maps / count * inverse.pow(2), maps)
    inner = gradient - _shaped(total / count, maps) - (maps - _shaped(mean, maps)) * slope
    return inner * _shaped(inverse if weight is None else inverse * weight, maps)


def register() -> Any:
    """The registration, which lasts as long as what is returned."""
    # Torch does not say its types.
    untyped: Any = torch.library
    library = untyped.Library("aten", "IMPL")
    for name, kernel in (
        ("batch_norm_stats", _stats),
        ("batch_norm_gather_stats_with_counts", _gather),
        ("batch_norm_elemt", _normalize),
        ("batch_norm_backward_reduce", _reduce),
        ("batch_norm_backward_elemt", _backward),
    ):
        library.impl(name, kernel, "HPU")
    return library
