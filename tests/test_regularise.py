"""Regularisers: penalties with scikit-learn's solutions, PyTorch's dropout, and targets that are distributions."""

import math
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
import torch
from sklearn.linear_model import ElasticNet, Lasso, Ridge
from torch import Tensor, nn
from torch.nn import functional as F

from unstuck.data import load
from unstuck.loop import fit
from unstuck.losses import cross_entropy, mse
from unstuck.models import Linear
from unstuck.regularise import Dropout, dropout, elastic, l1, l2, mixup, smoothed

CPU = {"device": "cpu"}


def randn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


# Penalties

SAMPLES, FEATURES = 40, 6
X = randn(SAMPLES, FEATURES)
TRUTH = torch.tensor([2.0, -1.0, 0.3, 0.0, 0.0, 0.0], dtype=torch.float64)
Y = X @ TRUTH + 0.7 + 0.2 * randn(SAMPLES, seed=1)


@pytest.mark.parametrize(
    ("penalty", "twin"),
    [
        (partial(l2, strength=2 * 3.0 / SAMPLES), Ridge(alpha=3.0, tol=1e-12)),
        (partial(l1, strength=2 * 0.2), Lasso(alpha=0.2, tol=1e-12)),
        (partial(elastic, l1=2 * 0.3 * 0.6, l2=2 * 0.3 * 0.4), ElasticNet(alpha=0.3, l1_ratio=0.6, tol=1e-12)),
    ],
    ids=["ridge", "lasso", "elastic net"],
)
def test_descent_ends_at_scikit_learns_solution(penalty: Callable[..., Tensor], twin: Ridge) -> None:
    twin.fit(X.numpy(), Y.numpy())
    model = nn.Linear(FEATURES, 1, dtype=torch.float64)
    lr = 0.2
    for _ in range(2500):  # the rate falls, as a subgradient of fixed size steps across zero and back for ever
        loss = mse(model(X).squeeze(1), Y) + penalty(model.parameters())
        gradients = torch.autograd.grad(loss, list(model.parameters()))
        with torch.no_grad():
            for parameter, gradient in zip(model.parameters(), gradients, strict=True):
                parameter -= lr * gradient
        lr *= 0.996
    np.testing.assert_allclose(model.weight.detach().numpy()[0], twin.coef_, rtol=0, atol=1e-4)
    assert model.bias.item() == pytest.approx(twin.intercept_, abs=1e-4)
    if not isinstance(twin, Ridge):
        zero = twin.coef_ == 0
        assert zero.any()
        assert not zero.all()


def test_values_and_gradients_by_hand() -> None:
    w = torch.tensor([[1.0, -3.0, 0.0]], dtype=torch.float64, requires_grad=True)
    for value, expected, slope in (
        (l1([w], 0.5), 2.0, [0.5, -0.5, 0.0]),
        (l2([w], 0.5), 2.5, [0.5, -1.5, 0.0]),
        (elastic([w], l1=0.5, l2=0.25), 3.25, [0.75, -1.25, 0.0]),
    ):
        assert value.item() == expected
        assert value.ndim == 0
        assert torch.autograd.grad(value, w)[0].tolist() == [slope]


def test_biases_are_left_out_unless_they_are_asked_for() -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(2, 3)).double()
    weights = [model[0].weight, model[3].weight]
    for biases, expected in ((False, weights), (True, list(model.parameters()))):
        flat = torch.cat([w.detach().flatten() for w in expected])
        size, square = flat.norm(1).item(), flat.norm(2).item() ** 2
        assert l1(model.parameters(), 1.0, biases=biases).item() == pytest.approx(size)
        assert l2(model.parameters(), 1.0, biases=biases).item() == pytest.approx(square / 2)
        both = elastic(model.parameters(), l1=2.0, l2=3.0, biases=biases).item()
        assert both == pytest.approx(2 * size + 1.5 * square)


@pytest.mark.parametrize(
    "penalty", [l1, l2, lambda ps, strength: elastic(ps, l1=strength, l2=2 * strength)], ids=["l1", "l2", "elastic"]
)
def test_many_runs_at_once_pay_what_each_would_alone(penalty: Callable[..., Tensor]) -> None:
    models = [nn.Linear(4, 3, dtype=torch.float64) for _ in range(3)]
    params, _ = torch.func.stack_module_state(models)
    strengths = torch.tensor([0.0, 0.1, 3.0], dtype=torch.float64)
    x, y = randn(5, 4), torch.tensor([0, 1, 2, 0, 1])

    def objective(params: dict[str, Tensor], strength: Tensor) -> Tensor:
        return cross_entropy(torch.func.functional_call(models[0], params, (x,)), y) + penalty(
            params.values(), strength=strength
        )

    together = torch.func.vmap(torch.func.grad(objective))(params, strengths)
    for index, model in enumerate(models):
        loss = cross_entropy(model(x), y) + penalty(model.parameters(), strength=strengths[index].item())
        for name, parameter in model.named_parameters():
            alone = torch.autograd.grad(loss, parameter, retain_graph=True)[0]
            torch.testing.assert_close(together[name][index], alone, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: l1([X], -0.1), "strength must be at least 0, got -0.1"),
        (lambda: l2([X], math.nan), "strength must be at least 0, got nan"),
        (lambda: elastic([X], l1=-1, l2=1), "l1 must be at least 0, got -1"),
        (lambda: elastic([X], l1=1, l2=-1), "l2 must be at least 0, got -1"),
        (lambda: l2([Y], 1.0), "no parameter to charge"),
        (lambda: l2(iter([]), 1.0, biases=True), "no parameter to charge"),
    ],
)
def test_penalties_that_cannot_be_meant_are_refused(call: Callable[[], Tensor], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


# Weight decay against L2

STEPS = 200
BATCHES = [(X[rows], Y[rows, None]) for rows in torch.arange(SAMPLES).reshape(10, 4)]  # 20 epochs of 10


def trained(optimizer: Callable[..., torch.optim.Optimizer], **settings: object) -> tuple[Tensor, Tensor]:
    """Return the weights and biases, after 200 steps and at the start."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(FEATURES, 5), nn.Tanh(), nn.Linear(5, 1)).double()
    start = nn.utils.parameters_to_vector(model.parameters()).detach()
    epochs = settings.pop("epochs", STEPS // len(BATCHES))
    batches = settings.pop("batches", BATCHES)
    fit(model, batches, mse, optimizer, epochs=epochs, **settings, **CPU)
    return nn.utils.parameters_to_vector(model.parameters()).detach(), start


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_l2_is_weight_decay_for_gradient_descent(momentum: float) -> None:
    lam = 0.05
    sgd = partial(torch.optim.SGD, lr=0.02, momentum=momentum)
    (charged, _), (decayed, _) = (
        trained(sgd, penalty=partial(l2, strength=lam, biases=True)),
        trained(partial(sgd, weight_decay=lam)),
    )
    torch.testing.assert_close(charged, decayed, rtol=0, atol=1e-12)
    assert (charged - trained(sgd)[0]).norm() > 0.1  # it does something


def test_l2_is_adams_weight_decay_and_not_adamws() -> None:
    lam, lr = 0.05, 0.01
    penalty = partial(l2, strength=lam, biases=True)
    charged, _ = trained(partial(torch.optim.Adam, lr=lr), penalty=penalty)
    decayed, _ = trained(partial(torch.optim.Adam, lr=lr, weight_decay=lam))
    decoupled, _ = trained(partial(torch.optim.AdamW, lr=lr, weight_decay=lam))
    torch.testing.assert_close(charged, decayed, rtol=0, atol=1e-12)
    # L2's pull is divided by the gradients' size as all of the gradient is, and so acts more strongly where they are
    # small; AdamW shrinks every weight by lr * lam a step, here by a tenth in 200 steps
    assert (charged - decoupled).norm() > 0.1 * decoupled.norm()


def test_the_first_step_shows_the_difference_between_adam_with_l2_and_adamw() -> None:
    lam, lr = 0.5, 0.01
    once = {"epochs": 1, "batches": BATCHES[:1]}
    plain, start = trained(partial(torch.optim.Adam, lr=lr, eps=0), **once)
    charged, _ = trained(
        partial(torch.optim.Adam, lr=lr, eps=0), penalty=partial(l2, strength=lam, biases=True), **once
    )
    decoupled, _ = trained(partial(torch.optim.AdamW, lr=lr, eps=0, weight_decay=lam), **once)
    # Adam's first step is lr in the direction of the sign, whatever else is added to the gradient
    torch.testing.assert_close((charged - start).abs(), torch.full_like(start, lr))
    torch.testing.assert_close(plain - decoupled, lr * lam * start)


# Dropout


@pytest.mark.parametrize("p", [0.0, 0.1, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_dropout_is_pytorchs_mask_for_mask(p: float, dtype: torch.dtype) -> None:
    x = randn(7, 30, 3).to(dtype).transpose(0, 1).requires_grad_()
    results = []
    for drop in (dropout, F.dropout, Dropout(p), nn.Dropout(p)):
        torch.manual_seed(3)
        y = drop(x) if isinstance(drop, nn.Module) else drop(x, p)
        results.append((y, torch.autograd.grad(y.sum(), x)[0], torch.rand(1)))  # and the draws that follow
    for ours in results:
        for mine, theirs in zip(ours, results[1], strict=True):
            assert torch.equal(mine, theirs)


@pytest.mark.parametrize("p", [0.2, 0.5, 0.8])
def test_the_mean_is_kept_and_the_share_that_is_dropped_is_p(p: float) -> None:
    count = 200_000
    dropped = dropout(torch.ones(count), p, generator=torch.Generator().manual_seed(0))
    deviation = math.sqrt(p / (1 - p) / count)  # of the mean of `count` scaled Bernoulli variables
    assert dropped.mean().item() == pytest.approx(1, abs=5 * deviation)
    assert (dropped == 0).double().mean().item() == pytest.approx(p, abs=5 * math.sqrt(p * (1 - p) / count))
    assert dropped.unique().tolist() == pytest.approx([0, 1 / (1 - p)])


def test_dropping_all_leaves_zeros_and_gradients_of_zero() -> None:
    x = randn(5).requires_grad_()
    y = dropout(x, 1.0)
    y.sum().backward()
    assert y.tolist() == [0] * 5
    assert x.grad is not None
    assert x.grad.tolist() == [0] * 5


def test_nothing_is_dropped_outside_training() -> None:
    x = randn(50)
    assert dropout(x, 0.5, training=False) is x
    layer = Dropout(0.5)
    assert (layer(x) == 0).any()
    assert layer.eval()(x) is x
    assert repr(layer) == "Dropout(p=0.5)"


def test_a_generator_draws_alone() -> None:
    state = torch.get_rng_state()
    first, again = (dropout(torch.ones(99), 0.5, generator=torch.Generator().manual_seed(5)) for _ in range(2))
    assert torch.equal(first, again)
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(5)
    assert torch.equal(dropout(torch.ones(99), 0.5), first)


def test_every_run_of_many_drops_its_own() -> None:
    dropped = torch.func.vmap(partial(dropout, p=0.5), randomness="different")(torch.ones(3, 64))
    assert not torch.equal(dropped[0], dropped[1])
    assert dropped.unique().tolist() == [0, 2]


@pytest.mark.parametrize("p", [-0.1, 1.1, math.nan])
def test_shares_out_of_range_are_refused(p: float) -> None:
    for call in (lambda: dropout(X, p), lambda: Dropout(p)):
        with pytest.raises(ValueError, match="p must lie between 0 and 1"):
            call()
    with pytest.raises(ValueError, match="eps must lie between 0 and 1"):
        smoothed(torch.tensor([0]), 3, p)


# Soft targets

LOGITS, LABELS = 3 * randn(8, 5), torch.tensor([0, 1, 2, 3, 4, 0, 1, 2])


@pytest.mark.parametrize("eps", [0.0, 0.1, 1.0])
def test_smoothed_targets_cost_what_label_smoothing_does(eps: float) -> None:
    target = smoothed(LABELS, 5, eps, dtype=torch.float64)
    torch.testing.assert_close(target.sum(1), torch.ones(8, dtype=torch.float64))
    for loss in (cross_entropy, F.cross_entropy):
        expected = loss(LOGITS, LABELS, label_smoothing=eps)
        torch.testing.assert_close(cross_entropy(LOGITS, target), expected, rtol=0, atol=1e-12)
    assert smoothed(LABELS.int(), 5, eps).dtype == torch.float32
    torch.testing.assert_close(smoothed(target, 5, 0.5), smoothed(LABELS, 5, 1 - 0.5 * (1 - eps), dtype=torch.float64))


def test_mixup_is_its_equation_with_the_draws_of_the_random_state() -> None:
    x = randn(8, 2, 3)
    torch.manual_seed(6)
    mixed, q = mixup(x, LABELS, alpha=0.7, classes=5)
    torch.manual_seed(6)
    alpha = torch.tensor(0.7, dtype=torch.float64)
    share = torch.distributions.Beta(alpha, alpha).sample()
    other = torch.randperm(8)
    torch.testing.assert_close(mixed, share * x + (1 - share) * x[other], rtol=0, atol=1e-12)
    expected = share * F.one_hot(LABELS, 5) + (1 - share) * F.one_hot(LABELS[other], 5)
    torch.testing.assert_close(q, expected, rtol=0, atol=1e-12)
    # the paper's code mixes the losses instead of the targets
    both = share * F.cross_entropy(LOGITS, LABELS) + (1 - share) * F.cross_entropy(LOGITS, LABELS[other])
    torch.testing.assert_close(cross_entropy(LOGITS, q), both, rtol=0, atol=1e-12)
    alone = mixup(x, LABELS, alpha=0.7, classes=5, generator=torch.Generator().manual_seed(6))
    assert torch.equal(alone[0], mixed)
    assert torch.equal(alone[1], q)
    again = mixup(x, q, alpha=0.7, classes=5, generator=torch.Generator().manual_seed(7))[1]  # of distributions too
    torch.testing.assert_close(again.sum(1), torch.ones(8, dtype=torch.float64))


@pytest.mark.parametrize("alpha", [0.2, 1.0, 5.0])
def test_the_blends_have_betas_spread(alpha: float) -> None:
    generator = torch.Generator().manual_seed(0)
    x, y = torch.tensor([[0.0], [1.0]]), torch.tensor([0, 1])
    shares = torch.stack([mixup(x, y, alpha=alpha, classes=2, generator=generator)[0][0, 0] for _ in range(4000)])
    blends = shares[shares > 0]  # half of the permutations blend the first sample with itself
    assert len(blends) / len(shares) == pytest.approx(0.5, abs=0.04)
    assert blends.mean().item() == pytest.approx(0.5, abs=0.05)
    assert blends.var().item() == pytest.approx(1 / (4 * (2 * alpha + 1)), rel=0.15)


def test_mixup_trains_in_fit_by_the_runs_seed() -> None:
    def run(seed: int, interference: int) -> list[float]:
        torch.manual_seed(0)
        model = Linear()
        torch.manual_seed(interference)
        transform = partial(mixup, alpha=0.2, classes=10)
        optimizer = partial(torch.optim.SGD, lr=0.1)
        result = fit(model, load("digits"), optimizer=optimizer, epochs=4, transform=transform, seed=seed, **CPU)
        assert result.final("test_accuracy") > 0.85
        return result.history.steps["loss"]

    assert run(1, 5) == run(1, 6)
    assert run(1, 5) != run(2, 5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mixup(X, LABELS, alpha=0.0, classes=5), "alpha must be positive, got 0.0"),
        (lambda: mixup(X, LABELS, alpha=math.inf, classes=5), "alpha must be positive, got inf"),
        (lambda: smoothed(LOGITS, 4, 0.1), r"shape \(batch, 4\); got torch.float64 and \(8, 5\)"),
        (lambda: smoothed(LABELS.float(), 5, 0.1), r"got torch.float32 and \(8,\)"),
        (lambda: smoothed(LABELS[:, None], 5, 0.1), r"got torch.int64 and \(8, 1\)"),
    ],
)
def test_soft_targets_that_cannot_be_made_are_refused(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
