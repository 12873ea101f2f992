"""The step, and the batch that it refuses."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from unstuck.losses import cross_entropy, mse
from unstuck.models import MLP, ConvNet
from unstuck.step import check_batch, make_step

X, Y = torch.randn(6, 4), torch.tensor([0, 1, 2, 0, 1, 2])


def test_a_step_is_one_update_by_the_batchs_own_gradient() -> None:
    model = nn.Linear(4, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    before = model.weight.detach().clone()
    expected_loss = cross_entropy(model(X), Y)
    (gradient,) = torch.autograd.grad(expected_loss, model.weight)
    model.weight.grad = torch.full_like(model.weight, 1e6)  # left over from something else
    loss = make_step(model, cross_entropy, optimizer)(X, Y)
    torch.testing.assert_close(loss, expected_loss.detach())
    assert not loss.requires_grad
    torch.testing.assert_close(model.weight.detach(), before - 0.5 * gradient)


OPTIMISERS = (
    *("SGD", "Adam", "AdamW", "NAdam", "RAdam", "Adamax", "Adagrad"),
    *("Adadelta", "RMSprop", "Rprop", "ASGD", "Adafactor", "LBFGS"),
)


@pytest.mark.parametrize("name", OPTIMISERS)
def test_any_optimiser_of_pytorch_lowers_the_loss(name: str) -> None:
    torch.manual_seed(0)
    model = nn.Linear(4, 3)
    step = make_step(model, cross_entropy, getattr(torch.optim, name)(model.parameters(), lr=0.01))
    losses = [step(X, Y) for _ in range(5)]
    assert all(not loss.requires_grad for loss in losses)
    assert losses[-1] < losses[0]


@pytest.mark.parametrize(
    ("model", "loss", "x", "y", "message"),
    [
        (nn.Linear(4, 3), cross_entropy, X, Y[:5], "6 inputs and 5 targets"),
        (nn.Linear(4, 3), cross_entropy, X.masked_fill(X > 0, torch.nan), Y, "inputs of the first batch hold NaN"),
        (nn.Linear(4, 1), mse, X, torch.full((6, 1), torch.inf), "targets of the first batch hold NaN"),
        (nn.Linear(4, 2), cross_entropy, X, Y, "labels must lie between 0 and 1, as the model has 2 outputs.*0 to 2"),
        (nn.Linear(4, 3), F.cross_entropy, X, Y - 1, "labels must lie between 0 and 2.*-1 to 1"),
        (nn.Linear(4, 1), F.mse_loss, X, torch.randn(6), r"output has shape \(6, 1\) and the target \(6,\)"),
        (nn.Linear(4, 1), lambda p, t: (p - t).square().mean(), X, torch.randn(6), "would broadcast"),
        (nn.Flatten(0), lambda p, t: (p - t).abs().mean(), torch.randn(6), torch.randn(6, 1), "would broadcast"),
        (nn.Linear(4, 2), F.l1_loss, X, torch.randn(6, 1), "would broadcast"),
        (nn.Linear(4, 3), lambda p, t: F.cross_entropy(p, t, reduction="none"), X, Y, "must be a single number"),
    ],
)
def test_a_batch_that_would_train_something_else_is_refused(
    model: nn.Module, loss: Callable[[Tensor, Tensor], Tensor], x: Tensor, y: Tensor, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        check_batch(model, loss, x, y)


def test_what_pytorch_allows_is_allowed() -> None:
    check_batch(nn.Linear(4, 3), F.cross_entropy, X, torch.tensor([0, 1, -100, 0, 1, 2]))  # -100: not to be counted
    check_batch(nn.Linear(4, 3), F.cross_entropy, X, torch.softmax(torch.randn(6, 3), 1))  # soft targets
    check_batch(nn.Linear(4, 1), mse, X, torch.randn(6, 1))

    class TwoHeads(nn.Module):
        def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
            return x.mean(1), x

    check_batch(TwoHeads(), lambda heads, y: (heads[0] - y).square().mean(), X, torch.randn(6))


def test_a_penalty_is_minimised_with_the_loss() -> None:
    model = nn.Linear(4, 3)
    before = model.weight.detach().clone()
    expected_loss = cross_entropy(model(X), Y)
    (gradient,) = torch.autograd.grad(expected_loss, model.weight)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    loss = make_step(model, cross_entropy, optimizer, penalty=lambda ps: 0.1 * next(iter(ps)).square().sum())(X, Y)
    torch.testing.assert_close(loss, expected_loss.detach() + 0.1 * before.square().sum())
    torch.testing.assert_close(model.weight.detach(), before - 0.5 * (gradient + 0.2 * before))


def test_checking_leaves_no_trace() -> None:
    model = nn.Sequential(ConvNet(in_shape=(1, 8, 8)), nn.BatchNorm1d(10), MLP(4, in_shape=(10,)), nn.Dropout())
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    random_state = torch.get_rng_state()
    check_batch(model, cross_entropy, torch.randn(6, 1, 8, 8, generator=torch.Generator()), Y)
    assert model.training
    assert torch.equal(torch.get_rng_state(), random_state)
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())
