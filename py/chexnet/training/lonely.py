"""Batch norm cannot learn from one value: a single image whose last maps are one pixel."""

import torch

from chexnet.mistakes import UserError
from chexnet.training.backbones import Building
from chexnet.training.params import TrainParams


def require_enough_values(params: TrainParams, building: Building) -> None:
    """Raises UserError where a pass has one image and the network some layer that sees but one value per channel."""
    images = params.batch_size // (params.ranks * params.accumulate)
    together = params.sync_batch_norm and params.ranks > 1
    if images > 1 or together or params.freeze_batch_norm or _learns_from_one(params, building):
        return
    raise UserError(
        f"Each pass of a rank has one image (batch_size {params.batch_size} over {params.ranks} ranks and accumulate "
        f"{params.accumulate}), and at input.crop {params.input.crop} batch norm then sees one value per channel.",
        "Raise batch_size, lower ranks or accumulate, take a greater input.crop, or set freeze_batch_norm: true.",
    )


@torch.no_grad()
def _learns_from_one(params: TrainParams, building: Building) -> bool:
    """Asked of the network itself, on shapes alone."""
    with torch.device("meta"):
        model = building(params.backbone, 1).train()
        try:
            model(torch.empty(1, 3, params.input.crop, params.input.crop))
        except ValueError:
            return False
    return True
