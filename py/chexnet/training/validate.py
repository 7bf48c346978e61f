"""Scores the validation fold with the weights that would be exported now."""

import numpy as np
import torch

from chexnet.training.averages import Tensors, wearing
from chexnet.training.history import Validation
from chexnet.training.inputs import Feed
from chexnet.training.loader import Reader
from chexnet.training.metrics import auroc_per_class, macro, mean_bce
from chexnet.training.network import set_training
from chexnet.training.sampling import Integers
from chexnet.training.scoring import score_all
from chexnet.training.session import Session


def validate(session: Session, tensors: Tensors) -> Validation:
    """Collective; every rank computes the same values from all logits."""
    reader = session.validation
    if reader is None:
        return Validation(loss=None, auroc=None, defined=0)
    params = session.job.params
    model = session.network.model
    model.eval()
    with wearing(model, tensors):
        logits = score_all(
            lambda positions: forward(model, reader, session.feed, positions),
            count=len(reader.fold),
            batch_size=params.batch_size // session.world.size,
            outputs=len(session.job.findings),
            world=session.world,
        )
    set_training(model, frozen_statistics=params.freeze_batch_norm)
    if not np.isfinite(logits).all():
        # Some image overflows although the training loss is finite. Such an epoch never becomes the best.
        return Validation(loss=None, auroc=None, defined=0)
    auroc, defined = macro(auroc_per_class(logits, reader.fold.labels))
    return Validation(loss=mean_bce(logits, reader.fold.labels), auroc=auroc, defined=defined)


@torch.inference_mode()
def forward(model: torch.nn.Module, reader: Reader, feed: Feed, positions: Integers) -> torch.Tensor:
    """The model's logits for these positions, in evaluation."""
    batch = reader.read(positions, epoch=0)
    with feed.accelerator.autocast(feed.precision):
        logits: torch.Tensor = model(feed.images(batch))
    return logits.to(feed.dtype)
