"""Losses on logits, exact however a global batch is shared out over ranks and passes.

A pass's loss is the sum over its labels that count, divided by what falls to one rank of the labels that count in the
whole step. Gradients are summed over passes and averaged over ranks, so the step's is that of the mean over all labels.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, log_softmax, logsigmoid

from chexnet.training.recipe import Loss

# Below this a probability above the margin counts as none; a power below 1 has no slope at 0.
_TINY = 1e-8


@dataclass(frozen=True, slots=True)
class Targets:
    """`labels` 0 to 1 (n, findings). `counted` of the same shape: 1 where a label counts, 0 where it is missing or its
    image a filler; None when all count. `per_rank`: labels of the whole step that count, divided by the ranks.
    """

    labels: torch.Tensor
    counted: torch.Tensor | None
    per_rank: float


@dataclass(frozen=True, slots=True)
class Criterion:
    """A loss ready for use. `positive_weight` (findings,) on the device."""

    params: Loss
    positive_weight: torch.Tensor | None

    def __call__(self, logits: torch.Tensor, targets: Targets) -> torch.Tensor:
        """The loss of one pass. `logits` (n × views, findings), the views of an image beside one another."""
        logits = logits.to(targets.labels.dtype)
        if self._is_plain and targets.counted is None:
            # One kernel; and when no other pass takes part, nothing is left to scale.
            loss = binary_cross_entropy_with_logits(logits, targets.labels)
            share = targets.labels.numel() / targets.per_rank
            return loss if share == 1 else loss * share
        each = self.elements(logits, targets.labels)
        if targets.counted is not None:
            each = torch.where(targets.counted > 0, each, torch.zeros_like(each))
        return each.sum() / targets.per_rank

    def elements(self, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """The loss of every label (n, findings)."""
        params = self.params
        if params.name == "sigmoid-cross-entropy":
            return _sigmoid_cross_entropy(logits, labels)
        smooth = labels * (1 - params.label_smoothing) + params.label_smoothing / 2
        if params.name == "focal":
            return _focal(logits, smooth, params)
        if params.name == "asymmetric":
            return _asymmetric(logits, smooth, params)
        return binary_cross_entropy_with_logits(logits, smooth, pos_weight=self.positive_weight, reduction="none")

    @property
    def _is_plain(self) -> bool:
        return self.params.name == "bce" and self.params.label_smoothing == 0 and self.positive_weight is None


def make_criterion(
    params: Loss, labels: npt.NDArray[np.float32], *, dtype: torch.dtype, device: torch.device
) -> Criterion:
    """`labels` (n, findings) of the training fold decide the weights by prevalence."""
    weight = params.positive_weight
    if weight is None:
        return Criterion(params, None)
    by_finding = positive_weights(labels) if weight == "prevalence" else np.full(labels.shape[1], weight)
    return Criterion(params, torch.from_numpy(by_finding).to(dtype).to(device))


def positive_weights(labels: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Negatives by positives of each finding. Half an image of each keeps an absent one finite."""
    positives = labels.sum(0, dtype=np.float64)
    weights: npt.NDArray[np.float64] = (len(labels) - positives + 0.5) / (positives + 0.5)
    return weights


def count_labels(present: npt.NDArray[np.bool_] | None, batch: Sequence[int] | npt.NDArray[np.int64], of: int) -> int:
    """Labels that count in a global batch of positions; `of`: the findings; `present` None: all are there."""
    return len(batch) * of if present is None else int(present[batch].sum())


def _focal(logits: torch.Tensor, labels: torch.Tensor, params: Loss) -> torch.Tensor:
    """Lin et al. 2017: (1 - p)^gamma times the cross-entropy. By logarithms, so that no power meets a 0."""
    positive, negative = logsigmoid(logits), logsigmoid(-logits)
    of_positive = torch.exp(params.gamma * negative) * positive
    of_negative = torch.exp(params.gamma * positive) * negative
    if params.alpha is not None:
        of_positive, of_negative = params.alpha * of_positive, (1 - params.alpha) * of_negative
    return -(labels * of_positive + (1 - labels) * of_negative)


def _asymmetric(logits: torch.Tensor, labels: torch.Tensor, params: Loss) -> torch.Tensor:
    """Ridnik et al. 2021: a power of its own for negatives, whose probability counts from the margin on."""
    positive, negative = logsigmoid(logits), logsigmoid(-logits)
    of_positive = torch.exp(params.gamma_positive * negative) * positive
    if params.margin == 0:
        of_negative = torch.exp(params.gamma_negative * positive) * negative
    else:
        shifted = (torch.sigmoid(logits) - params.margin).clamp_min(_TINY)
        of_negative = shifted.pow(params.gamma_negative) * torch.log1p(-shifted)
    return -(labels * of_positive + (1 - labels) * of_negative)


def _sigmoid_cross_entropy(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """The origin's: softmax cross-entropy of probabilities, averaged over the views of an image, with several labels.

    An image without a finding has no gradient. Times the findings, so that the mean over labels is that over images.
    """
    images, findings = labels.shape
    probabilities = torch.sigmoid(logits).view(images, -1, findings).mean(1)
    return -findings * labels * log_softmax(probabilities, dim=1)
