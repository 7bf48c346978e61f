"""The model on its device, as one rank or as many train it, fresh or from a checkpoint."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from chexnet.accelerators.protocol import HOST, Accelerator
from chexnet.training.averages import (
    MovingAverage,
    Tensors,
    copy_into,
    gather_statistics,
    mean_statistics,
    statistics_of,
    weights_of,
)
from chexnet.training.backbones import Building, Model, batch_norms, build_backbone, head_of
from chexnet.training.compiling import compile_in_place
from chexnet.training.inputs import Feed
from chexnet.training.optimizer import make_optimizer
from chexnet.training.params import TrainParams
from chexnet.training.weights import load_weights, weights_file
from chexnet.training.world import World


@dataclass(frozen=True, slots=True)
class Network:
    """`parallel` is `model` with its gradients averaged over the ranks; `started_from`: the weights it began with.

    `scaler` keeps the gradients of fp16 from vanishing; in other precisions it does nothing.
    """

    model: Model
    parallel: nn.Module
    optimizer: torch.optim.Optimizer
    scaler: torch.amp.GradScaler
    average: MovingAverage | None
    started_from: Mapping[str, object] | None


def build_network(
    params: TrainParams,
    labels: npt.NDArray[np.float32],
    feed: Feed,
    world: World,
    *,
    findings: Sequence[str],
    snapshot: Mapping[str, Any] | None,
    tell: Callable[[str], None],
    building: Building = build_backbone,
) -> Network:
    """A network before its first step. `labels` (n, findings) of the training fold set the bias of the outputs.

    `snapshot`: the tensors of the checkpoint that the caller then restores; starting weights are not read again.
    `tell` gets lines for people about starting weights.
    """
    torch.manual_seed(params.seed)
    model = building(params.backbone, labels.shape[1])
    started_from = None if snapshot is None else snapshot.get("started_from")
    if snapshot is None:
        started_from = _begin(model, params, labels, findings, tell)
    model = to_device(model, feed)
    if params.sync_batch_norm and world.size > 1:
        # Torch does not say its types.
        convert: Callable[[nn.Module], nn.Module] = nn.SyncBatchNorm.convert_sync_batchnorm
        convert(model)
    if params.compile:
        compile_in_place(model, feed.accelerator)
    set_training(model, frozen_statistics=params.freeze_batch_norm)
    return Network(
        model=model,
        parallel=_parallel(model, feed.accelerator, world),
        optimizer=make_optimizer(model, params.optimizer),
        scaler=torch.amp.GradScaler(feed.accelerator.device.type, enabled=params.precision == "fp16"),
        average=None if params.ema is None else MovingAverage(model, params.ema),
        started_from=started_from,
    )


def to_device(model: Model, feed: Feed) -> Model:
    """In the precision and the memory layout that the device computes best in."""
    model = model.to(feed.dtype).to(feed.accelerator.device)
    if feed.accelerator.capabilities.channels_last:
        for weights in model.parameters():
            if weights.dim() == 4:
                weights.data = weights.data.to(memory_format=torch.channels_last)
    return model


@torch.no_grad()
def set_prior(model: Model, labels: npt.NDArray[np.float32]) -> None:
    """Let the untrained outputs say each finding's prevalence. Half an image keeps an absent one finite."""
    prevalence = (labels.sum(0, dtype=np.float64) + 0.5) / (len(labels) + 1)
    head_of(model).bias.copy_(torch.from_numpy(np.log(prevalence / (1 - prevalence))))


def set_training(model: nn.Module, *, frozen_statistics: bool) -> None:
    """Training mode; with frozen statistics batch norm uses the running ones and leaves them alone."""
    model.train()
    if frozen_statistics:
        for norm in batch_norms(model):
            norm.eval()


def exported_tensors(network: Network, world: World) -> Tensors:
    """What is validated and exported: the moving average if there is one, statistics averaged over ranks."""
    average = network.average
    weights = weights_of(network.model) if average is None else average.weights
    statistics = statistics_of(network.model) if average is None else average.statistics
    return {**weights, **mean_statistics(gather_statistics(statistics, world))}


def snapshot_tensors(network: Network, accelerator: Accelerator, world: World) -> dict[str, Any]:
    """Everything of all ranks that a later process needs to go on with the same bits. Collective."""
    average = network.average
    return {
        "weights": _on_host(weights_of(network.model)),
        "statistics": gather_statistics(statistics_of(network.model), world),
        "optimizer": _on_host(network.optimizer.state_dict()),
        "scaler": network.scaler.state_dict(),
        "average": None
        if average is None
        else {
            "weights": _on_host(average.weights),
            "statistics": gather_statistics(average.statistics, world),
        },
        "random": {
            # Copies: a generator reads a state from the start of its storage.
            "host": [state.clone() for state in world.gather(torch.random.get_rng_state())],
            "device": [state.clone() for state in world.gather(accelerator.rng_state())],
        },
        "started_from": None if network.started_from is None else dict(network.started_from),
    }


def restore(network: Network, tensors: dict[str, Any], feed: Feed, world: World, share: int | None) -> None:
    """Put a network back to where `snapshot_tensors` saw it.

    `share`: images per rank and pass; None when DDP has not averaged a gradient yet.
    """
    if world.size > 1 and share is not None:
        _rehearse(network, feed, share)
    copy_into(weights_of(network.model), tensors["weights"])
    copy_into(statistics_of(network.model), _own(tensors["statistics"], world))
    network.optimizer.load_state_dict(tensors["optimizer"])
    network.scaler.load_state_dict(tensors.get("scaler", {}))
    if network.average is not None:
        copy_into(network.average.weights, tensors["average"]["weights"])
        copy_into(network.average.statistics, _own(tensors["average"]["statistics"], world))
    host, device = tensors["random"]["host"], tensors["random"]["device"]
    # No draw of the training comes from these states; on another number of ranks all take those of rank 0.
    mine = world.rank if len(host) == world.size else 0
    torch.random.set_rng_state(host[mine])
    feed.accelerator.set_rng_state(device[mine])


def _own(by_rank: list[Tensors], world: World) -> Tensors:
    """This rank's statistics; where another number of ranks kept them, their mean on each."""
    return by_rank[world.rank] if len(by_rank) == world.size else mean_statistics(by_rank)


def weights_are_finite(model: nn.Module) -> bool:
    return bool(torch.stack([weights.isfinite().all() for weights in weights_of(model).values()]).all())


def _begin(
    model: Model,
    params: TrainParams,
    labels: npt.NDArray[np.float32],
    findings: Sequence[str],
    tell: Callable[[str], None],
) -> Mapping[str, object] | None:
    """Put the starting weights in, if there are any; outputs that are new say the prevalence."""
    loaded = None
    if params.weights is not None:
        path = weights_file(params.weights, params.backbone)
        loaded = load_weights(model, path, findings, backbone=params.backbone)
    if params.prior_bias and (loaded is None or loaded.head == "new"):
        set_prior(model, labels)
    if loaded is None:
        return None
    for remark in loaded.remarks:
        tell(remark)
    return loaded.facts()


def _parallel(model: nn.Module, accelerator: Accelerator, world: World) -> nn.Module:
    if world.size == 1:
        return model
    # Each rank keeps its own batch-norm statistics; newer releases renamed the option.
    known = inspect.signature(DistributedDataParallel.__init__).parameters
    own_buffers = "forward_sync_buffers" if "forward_sync_buffers" in known else "broadcast_buffers"
    options: dict[str, Any] = {
        own_buffers: False,
        "gradient_as_bucket_view": True,
        **accelerator.data_parallel_options(),
    }
    return DistributedDataParallel(model, **options)


def _rehearse(network: Network, feed: Feed, share: int) -> None:
    """One discarded pass. DDP lays out its buckets of gradients anew after the first, and from three ranks on the
    order in which gloo adds depends on the layout: without this the first step after a resume has other bits.
    """
    side = feed.input.crop
    images = torch.zeros(share, 3, side, side, dtype=feed.dtype, device=feed.accelerator.device)
    with feed.accelerator.autocast(feed.precision):
        logits: torch.Tensor = network.parallel(images)
    torch.autograd.backward(logits.sum())
    feed.accelerator.after_backward()
    network.optimizer.zero_grad(set_to_none=True)


def _on_host(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value.detach().to(HOST)
    if isinstance(value, dict):
        return {key: _on_host(entry) for key, entry in value.items()}
    return [_on_host(entry) for entry in value] if isinstance(value, list) else value
