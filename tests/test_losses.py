"""The losses: equal to PyTorch's in value and gradient, stable, and strict about shapes."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from unstuck import losses

CLASSES = 7


def classification(scale: float = 3.0, seed: int = 0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    logits = scale * torch.randn(12, CLASSES, dtype=torch.float64, generator=generator)
    return logits.requires_grad_(), torch.randint(CLASSES, (12,), generator=generator)


def distributions(scale: float = 3.0, seed: int = 0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    logits = scale * torch.randn(12, CLASSES, dtype=torch.float64, generator=generator)
    target = torch.rand(12, CLASSES, dtype=torch.float64, generator=generator)  # rows need not sum to one
    target[0] = F.one_hot(torch.tensor(2), CLASSES)
    return logits.requires_grad_(), target


def regression(seed: int = 0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    prediction, target = 2 * torch.randn(2, 9, 3, dtype=torch.float64, generator=generator)
    return prediction.requires_grad_(), target


def binary(seed: int = 0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    logits = 4 * torch.randn(9, 3, dtype=torch.float64, generator=generator)
    logits[0, 0] = 0.0  # where max(z, 0) has a kink and its naive derivative is wrong
    return logits.requires_grad_(), torch.rand(9, 3, dtype=torch.float64, generator=generator)


WEIGHT = torch.linspace(0.2, 3, CLASSES, dtype=torch.float64)
CASES = {
    "cross_entropy": (losses.cross_entropy, F.cross_entropy, classification, {}),
    "cross_entropy weighted": (losses.cross_entropy, F.cross_entropy, classification, {"weight": WEIGHT}),
    "cross_entropy smoothed": (losses.cross_entropy, F.cross_entropy, classification, {"label_smoothing": 0.1}),
    "cross_entropy both": (
        losses.cross_entropy,
        F.cross_entropy,
        classification,
        {"weight": WEIGHT, "label_smoothing": 0.3},
    ),
    "cross_entropy soft": (losses.cross_entropy, F.cross_entropy, distributions, {}),
    "cross_entropy soft weighted": (losses.cross_entropy, F.cross_entropy, distributions, {"weight": WEIGHT}),
    "cross_entropy soft smoothed": (losses.cross_entropy, F.cross_entropy, distributions, {"label_smoothing": 0.1}),
    "cross_entropy soft both": (
        losses.cross_entropy,
        F.cross_entropy,
        distributions,
        {"weight": WEIGHT, "label_smoothing": 0.3},
    ),
    "binary_cross_entropy": (losses.binary_cross_entropy, F.binary_cross_entropy_with_logits, binary, {}),
    "binary_cross_entropy weighted": (
        losses.binary_cross_entropy,
        F.binary_cross_entropy_with_logits,
        binary,
        {"pos_weight": torch.tensor([1.0, 2.0, 5.0], dtype=torch.float64)},
    ),
    "hinge": (losses.hinge, F.multi_margin_loss, classification, {}),
    "hinge margin": (losses.hinge, F.multi_margin_loss, classification, {"margin": 2.5}),
    "mse": (losses.mse, F.mse_loss, regression, {}),
    "huber": (losses.huber, F.huber_loss, regression, {}),
    "huber delta": (losses.huber, F.huber_loss, regression, {"delta": 0.4}),
}


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("case", CASES)
def test_value_and_gradient_equal_pytorchs(case: str, reduction: str) -> None:
    ours, theirs, make, settings = CASES[case]
    prediction, target = make()
    results = []
    for loss in (ours, theirs):
        value = loss(prediction, target, reduction=reduction, **settings)
        (gradient,) = torch.autograd.grad(value.sum(), prediction)
        results.append((value, gradient))
    (our_value, our_gradient), (their_value, their_gradient) = results
    torch.testing.assert_close(our_value, their_value, rtol=0, atol=1e-12)
    torch.testing.assert_close(our_gradient, their_gradient, rtol=0, atol=1e-12)


@pytest.mark.parametrize("case", CASES)
def test_gradient_equals_finite_differences(case: str) -> None:
    loss, _, make, settings = CASES[case]
    prediction, target = make()
    assert torch.autograd.gradcheck(lambda z: loss(z, target, **settings), (prediction,))


@pytest.mark.parametrize("size", [1e2, 1e4, 1e6])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_large_logits_stay_finite(size: float, dtype: torch.dtype) -> None:
    logits = torch.tensor([[size, -size, 0.0], [-size, size, 0.0]], dtype=dtype, requires_grad=True)
    target = torch.tensor([0, 0])
    for loss in (losses.cross_entropy, losses.hinge):
        value = loss(logits, target)
        (gradient,) = torch.autograd.grad(value, logits)
        assert torch.isfinite(value)
        assert torch.isfinite(gradient).all()
    torch.testing.assert_close(
        losses.cross_entropy(logits, target, reduction="none"), torch.tensor([0.0, 2 * size], dtype=dtype)
    )
    value = losses.binary_cross_entropy(logits, torch.ones_like(logits), reduction="none")
    torch.testing.assert_close(value[0, :2], torch.tensor([0.0, size], dtype=dtype))


def test_an_impossible_class_does_not_turn_the_loss_into_nan() -> None:
    logits = torch.tensor([[0.0, 0.0, -math.inf]])
    torch.testing.assert_close(losses.cross_entropy(logits, torch.tensor([0])), torch.tensor(math.log(2)))
    logits.requires_grad_()
    loss = losses.cross_entropy(logits, torch.tensor([[0.5, 0.5, 0.0]]))
    torch.testing.assert_close(loss, torch.tensor(math.log(2)))
    torch.testing.assert_close(torch.autograd.grad(loss, logits)[0], torch.zeros(1, 3))
    assert losses.cross_entropy(logits, torch.tensor([[0.5, 0.4, 0.1]])) == math.inf


def test_certainty_is_a_distribution_too() -> None:
    logits, target = classification()
    for settings in ({}, {"label_smoothing": 0.2}):
        soft = losses.cross_entropy(logits, F.one_hot(target, CLASSES).double(), **settings)
        torch.testing.assert_close(soft, losses.cross_entropy(logits, target, **settings), rtol=0, atol=1e-12)


def test_a_target_that_learns_gets_its_gradient_as_from_pytorch() -> None:
    logits, target = distributions()
    target.requires_grad_()
    ours, theirs = (torch.autograd.grad(f(logits, target), target)[0] for f in (losses.cross_entropy, F.cross_entropy))
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-12)


def test_many_runs_at_once_get_the_gradients_of_each() -> None:
    logits, target = classification()
    soft = distributions()[1]
    for y, settings in ((target, {}), (target, {"label_smoothing": 0.1, "weight": WEIGHT}), (soft, {"weight": WEIGHT})):

        def loss(z: Tensor, y: Tensor, settings: dict[str, object] = settings) -> Tensor:
            return losses.cross_entropy(z, y, **settings)

        runs, targets = logits.detach().reshape(3, 4, CLASSES), y.reshape(3, 4, *y.shape[1:])
        together = torch.func.vmap(torch.func.grad(loss))(runs, targets)
        alone = torch.stack([torch.func.grad(loss)(z, t) for z, t in zip(runs, targets, strict=True)])
        torch.testing.assert_close(together, alone, rtol=0, atol=1e-12)


def test_log_sum_exp_and_log_softmax_equal_pytorchs() -> None:
    logits, _ = classification(scale=100)
    torch.testing.assert_close(losses.log_sum_exp(logits), torch.logsumexp(logits, -1), rtol=0, atol=1e-12)
    torch.testing.assert_close(losses.log_softmax(logits), torch.log_softmax(logits, -1), rtol=0, atol=1e-12)


def test_an_ignorant_classifier_pays_ln_c_and_probabilities_cannot_pass_their_floor() -> None:
    right = torch.tensor([4])
    ignorant = torch.zeros(1, 10, dtype=torch.float64)
    assert losses.cross_entropy(ignorant, right).item() == pytest.approx(math.log(10))
    certain_and_right = F.one_hot(right, 10).double()  # the best that a softmax can put out
    assert losses.cross_entropy(certain_and_right, right).item() == pytest.approx(math.log(1 + 9 / math.e))


def test_the_weighted_mean_is_over_weights() -> None:
    logits = torch.tensor([[0.0, 0.0], [0.0, 2.0]])
    target, weight = torch.tensor([0, 0]), torch.tensor([5.0, 1.0])
    both = losses.cross_entropy(logits, target, weight=weight)
    torch.testing.assert_close(both, losses.cross_entropy(logits, target))  # one class: its weight cancels


@pytest.mark.parametrize("loss", [losses.mse, losses.huber, losses.binary_cross_entropy])
def test_a_target_that_would_broadcast_is_refused(loss: Callable[..., Tensor]) -> None:
    with pytest.raises(ValueError, match=r"same shape; got \(8, 1\) and \(8,\)"):
        loss(torch.zeros(8, 1), torch.zeros(8))
    with pytest.raises(TypeError, match=r"floating tensor as target; got torch\.int64"):
        loss(torch.zeros(8), torch.zeros(8, dtype=torch.int64))


@pytest.mark.parametrize("loss", [losses.cross_entropy, losses.hinge])
def test_targets_that_are_no_class_indices_are_refused(loss: Callable[..., Tensor]) -> None:
    with pytest.raises(ValueError, match=r"got \(8, 3\) and \(7,\)"):
        loss(torch.zeros(8, 3), torch.zeros(7, dtype=torch.int64))
    with pytest.raises(ValueError, match=r"got \(8,\) and \(8,\)"):
        loss(torch.zeros(8), torch.zeros(8, dtype=torch.int64))
    with pytest.raises(TypeError, match="takes class indices"):
        loss(torch.zeros(8, 3), torch.zeros(8))
    with pytest.raises((TypeError, ValueError), match=r"class indices|got \(8, 3\) and \(8, 1\)"):
        loss(torch.zeros(8, 3), torch.zeros(8, 1))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda z, y: losses.cross_entropy(z, y, label_smoothing=1.5), "label_smoothing must lie between 0 and 1"),
        (lambda z, y: losses.cross_entropy(z, y, weight=torch.ones(2)), r"weight must have shape \(3,\)"),
        (lambda z, y: losses.cross_entropy(z, y, reduction="average"), "reduction must be 'mean', 'sum' or 'none'"),
        (lambda z, y: losses.hinge(z, y, margin=0), "margin must be positive"),
        (lambda z, y: losses.huber(z, z, delta=-1), "delta must be positive"),
    ],
)
def test_settings_out_of_range_are_refused(call: Callable[..., Tensor], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call(torch.zeros(4, 3), torch.zeros(4, dtype=torch.int64))
