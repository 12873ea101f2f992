"""The rules and SGD: equal to torch.optim, and as good a citizen of its contract."""

import copy
import itertools
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from unstuck import optim

SETTINGS = [
    {"momentum": momentum, "dampening": dampening, "nesterov": nesterov, "weight_decay": decay, "maximize": maximize}
    for momentum, dampening, nesterov, decay, maximize in itertools.product(
        (0.0, 0.9), (0.0, 0.3), (False, True), (0.0, 0.05), (False, True)
    )
    if not (nesterov and (momentum == 0 or dampening))
]


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 3)).double()


def train(model: nn.Module, optimizer: torch.optim.Optimizer, steps: int, *, skip: int = 0, sign: float = 1.0) -> None:
    """Fit a fixed non-linear regression, a new batch every step."""
    generator = torch.Generator().manual_seed(1)
    for index in range(steps):
        x = torch.randn(16, 5, dtype=torch.float64, generator=generator)
        if index < skip:
            continue
        optimizer.zero_grad()
        (sign * (model(x) - x[:, :3].sin()).square().mean()).backward()
        optimizer.step()


def distance(one: nn.Module, other: nn.Module) -> float:
    pairs = zip(one.parameters(), other.parameters(), strict=True)
    return max(float((a - b).detach().abs().max()) for a, b in pairs)


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_sgd_equals_torchs_over_500_steps(settings: dict[str, float | bool]) -> None:
    ours, theirs = network(), network()
    sign = -1.0 if settings["maximize"] else 1.0  # climbing the negative loss
    train(ours, optim.SGD(ours.parameters(), lr=0.05, **settings), 500, sign=sign)
    train(theirs, torch.optim.SGD(theirs.parameters(), lr=0.05, **settings), 500, sign=sign)
    assert distance(ours, network()) > 0.1  # it has moved
    assert distance(ours, theirs) < 1e-12


@pytest.mark.parametrize("make_first", [optim.SGD, torch.optim.SGD])
@pytest.mark.parametrize("settings", [{"momentum": 0.9}, {"momentum": 0.9, "nesterov": True}, {}], ids=str)
def test_a_checkpoint_moves_between_ours_and_torchs(
    make_first: type[torch.optim.Optimizer], settings: dict[str, float]
) -> None:
    make_second = torch.optim.SGD if make_first is optim.SGD else optim.SGD
    model, unbroken = network(), network()
    first = make_first(model.parameters(), lr=0.05, **settings)
    train(model, first, 20)
    second = make_second(model.parameters(), lr=123.0)
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    train(model, second, 40, skip=20)
    train(unbroken, torch.optim.SGD(unbroken.parameters(), lr=0.05, **settings), 40)
    assert distance(model, unbroken) < 1e-12


def test_groups_with_settings_of_their_own_and_groups_added_later() -> None:
    ours, theirs = network(), network()
    for model, make in ((ours, optim.SGD), (theirs, torch.optim.SGD)):
        optimizer = make([{"params": model[0].parameters(), "lr": 0.2, "momentum": 0.5}], lr=0.01)
        optimizer.add_param_group({"params": model[2].parameters(), "weight_decay": 0.1})
        train(model, optimizer, 50)
    assert distance(ours, theirs) < 1e-12


def test_schedulers_and_tensor_rates_drive_it() -> None:
    ours, theirs = network(), network()
    for model, make in ((ours, optim.SGD), (theirs, torch.optim.SGD)):
        optimizer = make(model.parameters(), lr=torch.tensor([0.1], dtype=torch.float64), momentum=0.9)
        scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
        for _ in range(3):
            train(model, optimizer, 5)
            scheduler.step()
        assert optimizer.param_groups[0]["lr"].item() == pytest.approx(0.0125)
    assert distance(ours, theirs) < 1e-12


def test_parameters_without_gradients_stay_and_a_closure_is_called_with_gradients_on() -> None:
    used, unused = nn.Parameter(torch.ones(2)), nn.Parameter(torch.ones(2))
    optimizer = optim.SGD([used, unused], lr=0.5, momentum=0.9)

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = used.sum()
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 2
    assert used.tolist() == [0.5, 0.5]
    assert unused.tolist() == [1, 1]
    assert unused not in optimizer.state


def test_sparse_gradients_are_refused() -> None:
    embedding = nn.Embedding(4, 2, sparse=True)
    embedding(torch.tensor([1])).sum().backward()
    with pytest.raises(RuntimeError, match="SGD does not take sparse gradients"):
        optim.SGD(embedding.parameters(), lr=0.1).step()


@pytest.mark.parametrize("name", ["lr", "momentum", "dampening", "weight_decay"])
@pytest.mark.parametrize("value", [-0.1, float("nan")])
def test_a_setting_out_of_range_is_named(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"{name} must be at least 0, got {value}"):
        optim.SGD(network().parameters(), **{"lr": 0.1, name: value})


def test_contradictory_settings_are_refused() -> None:
    with pytest.raises(ValueError, match="nesterov=True needs momentum above 0"):
        optim.SGD(network().parameters(), lr=0.1, nesterov=True)
    with pytest.raises(ValueError, match="one element"):
        optim.SGD(network().parameters(), lr=torch.ones(2))


RULES = {optim.gd: {}, optim.momentum: {"momentum": 0.8}, optim.nesterov: {"momentum": 0.8}}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_leading_axis_of_runs_gives_every_run_its_own_settings(rule: Callable[..., object]) -> None:
    gradient = torch.tensor([1.0, 10.0], dtype=torch.float64).__mul__
    rates = torch.tensor([[0.01], [0.05], [0.1]], dtype=torch.float64)
    start = torch.tensor([[2.0, 1.0]], dtype=torch.float64).expand(3, 2)
    together = optim.trajectory(rule, gradient, start, 30, lr=rates, **RULES[rule])
    for run, rate in enumerate(rates.flatten()):
        alone = optim.trajectory(rule, gradient, start[run], 30, lr=float(rate), **RULES[rule])
        torch.testing.assert_close(together[:, run], alone, rtol=1e-14, atol=0)


def test_gradient_descent_on_a_parabola_is_geometric() -> None:
    points = optim.trajectory(optim.gd, lambda w: 4 * w, torch.tensor(1.0, dtype=torch.float64), 20, lr=0.1)
    torch.testing.assert_close(points, 0.6 ** torch.arange(21, dtype=torch.float64))


def test_heavy_ball_follows_its_recurrence() -> None:
    curvature, lr, mu = 3.0, 0.2, 0.5
    w = [1.0, 1.0 - lr * curvature]
    for _ in range(10):  # w_{k+1} = w_k - lr f'(w_k) + mu (w_k - w_{k-1}), Polyak's form
        w.append(w[-1] - lr * curvature * w[-1] + mu * (w[-1] - w[-2]))
    points = optim.trajectory(
        optim.momentum, lambda x: curvature * x, torch.tensor(1.0, dtype=torch.float64), 11, lr=lr, momentum=mu
    )
    torch.testing.assert_close(points, torch.tensor(w, dtype=torch.float64))


def test_nesterov_is_the_gradient_at_the_point_looked_ahead_to() -> None:
    lr, mu = 0.1, 0.7
    ahead, velocity = 1.0, 0.0  # Sutskever's form steps w and looks ahead; ours keeps the point looked ahead to
    w, expected = 1.0, [1.0]
    for _ in range(10):
        velocity = mu * velocity - lr * 3 * ahead
        w += velocity
        ahead = w + mu * velocity
        expected.append(ahead)
    points = optim.trajectory(
        optim.nesterov, lambda x: 3 * x, torch.tensor(1.0, dtype=torch.float64), 10, lr=lr, momentum=mu
    )
    torch.testing.assert_close(points, torch.tensor(expected, dtype=torch.float64))


def test_rules_change_nothing_they_are_given() -> None:
    param, grad, velocity = torch.ones(3), torch.ones(3), torch.ones(3)
    state = {"momentum_buffer": velocity}
    for rule in (optim.momentum, optim.nesterov):
        rule(param, grad, state, lr=0.1)
        _, first = rule(param, grad, {}, lr=0.1)
        assert first["momentum_buffer"] is not grad
    for tensor in (param, grad, velocity):
        assert tensor.tolist() == [1, 1, 1]


def test_a_negative_number_of_steps_is_refused() -> None:
    with pytest.raises(ValueError, match="steps must be at least 0"):
        optim.trajectory(optim.gd, lambda w: w, torch.ones(1), -1, lr=0.1)
