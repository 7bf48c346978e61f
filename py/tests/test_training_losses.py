"""Losses: what each is, and that it does not matter how a global batch is shared out."""

import math

import numpy as np
import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from chexnet.training.losses import Criterion, Targets, make_criterion, positive_weights
from chexnet.training.plan import Plan
from chexnet.training.recipe import Loss

LOSSES = {
    "bce": Loss(),
    "smooth": Loss(label_smoothing=0.1),
    "weighted": Loss(positive_weight="prevalence"),
    "given weight": Loss(positive_weight=3.0),
    "focal": Loss(name="focal", gamma=2.0, alpha=0.25),
    "asymmetric": Loss(name="asymmetric", gamma_negative=4.0, gamma_positive=1.0, margin=0.05),
    "origin": Loss(name="sigmoid-cross-entropy"),
}
FINDINGS = 5
HOST = torch.device("cpu")


def criterion(params: Loss, labels: torch.Tensor) -> Criterion:
    return make_criterion(params, labels.float().numpy(), dtype=torch.float64, device=HOST)


def batch(images: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    random = torch.Generator().manual_seed(seed)
    logits = 3 * torch.randn(images, FINDINGS, generator=random, dtype=torch.float64)
    return logits, (torch.rand(images, FINDINGS, generator=random) < 0.3).double()


@pytest.mark.parametrize("missing", [False, True], ids=["all labels", "missing labels"])
@pytest.mark.parametrize("name", LOSSES)
def test_ranks_and_passes_of_a_short_batch_give_loss_and_gradient_of_the_whole(name: str, missing: bool) -> None:
    images, size = 10, 12
    logits, labels = batch(images)
    known = torch.rand(images, FINDINGS, generator=torch.Generator().manual_seed(1)) < 0.7
    counted = known.double() if missing else torch.ones_like(labels)
    loss_of = criterion(LOSSES[name], labels)
    plan = Plan(images=images, batch_size=size, epochs=1, seed=0, last_batch="keep")

    whole = logits.clone().requires_grad_()
    each = loss_of.elements(whole, labels)
    expected = each[counted > 0].sum() / counted.sum()
    torch.autograd.backward(expected)

    for ranks, passes in ((1, 1), (1, 3), (2, 1), (2, 3), (3, 2)):
        leaf = logits.clone().requires_grad_()
        losses = torch.zeros((), dtype=torch.float64)
        for rank in range(ranks):
            for share in plan.shares(np.arange(images), rank=rank, ranks=ranks, passes=passes):
                at = torch.from_numpy(share.positions)
                real = counted[at].clone()
                real[share.real :] = 0
                plain = not missing and share.real == len(at)
                targets = Targets(labels[at], None if plain else real, float(counted.sum()) / ranks)
                # The average over ranks, as DDP takes it.
                losses = losses + loss_of(leaf[at], targets) / ranks
        torch.autograd.backward(losses)
        assert leaf.grad is not None
        assert whole.grad is not None
        assert abs(float((losses - expected).detach())) < 1e-14, (ranks, passes)
        assert float((leaf.grad - whole.grad).abs().max()) < 1e-15, (ranks, passes)


def test_the_plain_loss_has_the_bits_of_the_one_kernel() -> None:
    logits, labels = (tensor.float() for tensor in batch(6))

    loss = criterion(Loss(), labels)(logits, Targets(labels, None, 6.0 * FINDINGS))

    assert torch.equal(loss, binary_cross_entropy_with_logits(logits, labels))


def test_a_missing_label_has_neither_loss_nor_gradient_whatever_its_score() -> None:
    labels, counted = torch.tensor([[0.0, 1.0]]).double(), torch.tensor([[0.0, 1.0]])

    for params in (Loss(label_smoothing=0.1), LOSSES["focal"], LOSSES["asymmetric"]):
        logits = torch.tensor([[1e300, 0.5]], dtype=torch.float64, requires_grad=True)
        loss = criterion(params, labels)(logits, Targets(labels, counted, 1.0))
        torch.autograd.backward(loss)
        assert logits.grad is not None
        assert math.isfinite(float(loss.detach()))
        assert logits.grad[0, 0] == 0
        assert logits.grad[0, 1] != 0


def test_focal_loss_without_power_and_weights_is_cross_entropy_and_plays_down_what_is_right() -> None:
    logits, labels = batch(8)
    plain = binary_cross_entropy_with_logits(logits, labels, reduction="none")

    flat = criterion(Loss(name="focal", gamma=0.0), labels).elements(logits, labels)
    focal = criterion(Loss(name="focal", gamma=2.0), labels).elements(logits, labels)

    right = torch.where(labels > 0, torch.sigmoid(logits), torch.sigmoid(-logits))
    torch.testing.assert_close(flat, plain)
    torch.testing.assert_close(focal, (1 - right) ** 2 * plain)


def test_asymmetric_loss_is_the_papers_and_a_clear_negative_costs_nothing() -> None:
    logits, labels = batch(8)
    params = Loss(name="asymmetric", gamma_negative=4.0, gamma_positive=1.0, margin=0.05)

    loss = criterion(params, labels).elements(logits, labels)

    p = torch.sigmoid(logits)
    shifted = (p - 0.05).clamp_min(0)
    paper = -(labels * (1 - p) * torch.log(p) + (1 - labels) * shifted**4 * torch.log(1 - shifted))
    torch.testing.assert_close(loss, paper)
    assert float(loss[(labels == 0) & (p < 0.05)].sum()) < 1e-30


@pytest.mark.parametrize("name", LOSSES)
def test_extreme_scores_have_finite_losses_and_gradients_in_float32(name: str) -> None:
    logits = torch.tensor([[200.0, -200.0, 200.0, -200.0, 0.0]], requires_grad=True)
    labels = torch.tensor([[1.0, 1.0, 0.0, 0.0, 1.0]])
    loss_of = make_criterion(LOSSES[name], labels.numpy(), dtype=torch.float32, device=HOST)

    torch.autograd.backward(loss_of.elements(logits, labels).sum())

    assert logits.grad is not None
    assert bool(logits.grad.isfinite().all())


def test_positive_weights_are_negatives_by_positives_and_an_absent_finding_is_finite() -> None:
    labels = np.zeros((99, 2), dtype=np.float32)
    labels[:9, 0] = 1

    assert positive_weights(labels).tolist() == [90.5 / 9.5, 99.5 / 0.5]


def test_the_origins_loss_is_softmax_over_the_mean_probabilities_and_wastes_images_without_findings() -> None:
    labels = torch.tensor([[1.0, 0.0, 1.0], [0.0, 0.0, 0.0]]).double()
    logits = torch.randn(20, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0), requires_grad=True)
    loss_of = criterion(LOSSES["origin"], labels)

    loss = loss_of(logits, Targets(labels, None, 6.0))
    torch.autograd.backward(loss)

    probabilities = torch.sigmoid(logits).view(2, 10, 3).mean(1)
    torch.testing.assert_close(loss, cross_entropy(probabilities, labels))
    assert logits.grad is not None
    assert float(logits.grad[:10].abs().min()) > 0
    assert float(logits.grad[10:].abs().max()) == 0
