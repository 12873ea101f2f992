"""The rules and the optimisers: equal to torch.optim, and as good a citizen of its contract."""

import copy
import itertools
import math
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from unstuck import optim

with warnings.catch_warnings():
    warnings.simplefilter("ignore", ImportWarning)  # of hypothesis, which only PyTorch's own tests need
    from torch.testing._internal.common_optimizers import optim_db


def grid(**choices: tuple[Any, ...]) -> list[dict[str, Any]]:
    return [dict(zip(choices, values, strict=True)) for values in itertools.product(*choices.values())]


DECAYS, BOTH = (0.0, 0.05), (False, True)
SETTINGS: dict[str, list[dict[str, Any]]] = {
    "SGD": [
        {"lr": 0.05, **settings}
        for settings in grid(
            momentum=(0.0, 0.9), dampening=(0.0, 0.3), nesterov=BOTH, weight_decay=DECAYS, maximize=BOTH
        )
        if not (settings["nesterov"] and (settings["momentum"] == 0 or settings["dampening"]))
    ],
    "Adagrad": [
        {"lr": 0.05, "eps": (1e-10, 1e-2)[index % 3 == 0], **settings}
        for index, settings in enumerate(
            grid(lr_decay=(0.0, 0.01), initial_accumulator_value=(0.0, 0.3), weight_decay=DECAYS, maximize=BOTH)
        )
    ],
    "RMSprop": [
        {"lr": 2e-3, "alpha": (0.99, 0.9)[index % 3 == 0], "eps": (1e-8, 1e-2)[index % 2], **settings}
        for index, settings in enumerate(grid(maximize=BOTH, weight_decay=DECAYS, centered=BOTH, momentum=(0.0, 0.7)))
    ],
    "Adam": [
        {"lr": 5e-3, "betas": ((0.9, 0.999), (0.5, 0.9))[index % 3 == 0], "eps": (1e-8, 1e-2)[index % 2], **settings}
        for index, settings in enumerate(
            grid(maximize=BOTH, decoupled_weight_decay=BOTH, weight_decay=DECAYS, amsgrad=BOTH)
        )
    ],
    "AdamW": [
        {"lr": 5e-3, "betas": ((0.9, 0.999), (0.0, 0.9))[index % 3 == 0], "eps": (1e-8, 1e-2)[index % 2], **settings}
        for index, settings in enumerate(grid(maximize=BOTH, weight_decay=(0.0, 0.01, 0.5), amsgrad=BOTH))
    ],
}


def make(module: Any, name: str, params: Any, **settings: Any) -> torch.optim.Optimizer:
    made: torch.optim.Optimizer = getattr(module, name)(params, **settings)
    return made


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


@pytest.mark.parametrize("name", SETTINGS)
def test_equals_torchs_over_500_steps_for_every_option(name: str) -> None:
    """Fit a small network of its own with each combination of options, all of them in one computation."""
    signs = torch.tensor([-1.0 if settings["maximize"] else 1.0 for settings in SETTINGS[name]])
    starts = torch.randn(64, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) / 2
    ends = []
    for module in (optim, torch.optim):
        generator = torch.Generator().manual_seed(1)
        flat = [nn.Parameter(starts.clone()) for _ in SETTINGS[name]]
        optimizers = [make(module, name, [p], **s) for p, s in zip(flat, SETTINGS[name], strict=True)]
        for _ in range(500):
            x = torch.randn(16, 5, dtype=torch.float64, generator=generator)
            stacked = torch.stack(flat)
            first, second = stacked[:, :40].reshape(-1, 5, 8), stacked[:, 40:].reshape(-1, 8, 3)
            output = torch.tanh(x @ first) @ second
            losses = (output - x[:, :3].sin()).square().mean(dim=(1, 2))
            for optimizer in optimizers:
                optimizer.zero_grad()
            (losses * signs).sum().backward()  # those that maximise climb the negative loss
            for optimizer in optimizers:
                optimizer.step()
        assert (losses < 0.1).sum() > len(losses) / 2  # it is a problem, and most solve it
        ends.append(torch.stack(flat).detach())
    ours, theirs = ends
    for group, settings in enumerate(SETTINGS[name]):
        assert (ours[group] - starts).abs().max() > 0.05, settings  # it has moved
        assert (ours[group] - theirs[group]).abs().max() < 1e-12, settings


MOVED = [
    ("SGD", {"lr": 0.05}),
    ("SGD", {"lr": 0.05, "momentum": 0.9}),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "nesterov": True}),
    ("Adagrad", {"lr": 0.05, "lr_decay": 0.01, "initial_accumulator_value": 0.2}),
    ("RMSprop", {}),
    ("RMSprop", {"centered": True, "momentum": 0.5}),
    ("Adam", {"lr": 0.01, "weight_decay": 0.1}),
    ("Adam", {"lr": 0.01, "amsgrad": True, "weight_decay": 0.1, "decoupled_weight_decay": True}),
    ("AdamW", {"lr": 0.01, "amsgrad": True, "betas": (0.8, 0.9)}),
]


@pytest.mark.parametrize(
    ("first", "second"), [(optim, torch.optim), (torch.optim, optim)], ids=["to torch", "from torch"]
)
@pytest.mark.parametrize(("name", "settings"), MOVED, ids=str)
def test_a_checkpoint_moves_between_ours_and_torchs(
    first: Any, second: Any, name: str, settings: dict[str, Any], tmp_path: Path
) -> None:
    model, unbroken = network(), network()
    optimizer = make(first, name, model.parameters(), **settings)
    train(model, optimizer, 20)
    torch.save(optimizer.state_dict(), tmp_path / "checkpoint.pt")
    resumed = make(second, name, model.parameters(), lr=123.0)
    resumed.load_state_dict(torch.load(tmp_path / "checkpoint.pt", weights_only=True))
    train(model, resumed, 40, skip=20)
    train(unbroken, make(torch.optim, name, unbroken.parameters(), **settings), 40)
    assert distance(model, unbroken) < 1e-12


def test_a_checkpoint_of_before_an_option_existed_is_read() -> None:
    model, other = network(), network()
    first = make(torch.optim, "Adam", model.parameters(), lr=0.01, weight_decay=0.1)
    train(model, first, 5)
    saved = copy.deepcopy(first.state_dict())
    for group in saved["param_groups"]:
        for option in ("amsgrad", "maximize", "decoupled_weight_decay"):
            del group[option]
    for state in saved["state"].values():
        state["step"] = int(state["step"])
    other.load_state_dict(model.state_dict())
    resumed = make(optim, "Adam", other.parameters())
    resumed.load_state_dict(saved)
    train(model, first, 10, skip=5)
    train(other, resumed, 10, skip=5)
    assert distance(model, other) < 1e-12


DATABASE = {info.name: info for info in optim_db if info.name in SETTINGS}


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128], ids=str)
@pytest.mark.parametrize("name", SETTINGS)
def test_pytorchs_own_inputs_for_its_tests_pass(name: str, dtype: torch.dtype) -> None:
    tried = 0
    for given in DATABASE[name].optim_inputs_func(device="cpu", dtype=dtype):
        ends = []
        for module in (optim, torch.optim):
            generator = torch.Generator().manual_seed(2)
            shapes = [(3, 4), (4,), (), (2, 1, 3)]
            params = [nn.Parameter(torch.randn(shape, dtype=dtype, generator=generator)) for shape in shapes]
            optimizer = make(module, name, params, **given.kwargs)
            for _ in range(20):
                for param in params:
                    param.grad = torch.randn(param.shape, dtype=dtype, generator=generator)
                optimizer.step()
            ends.append([param.detach() for param in params])
        torch.testing.assert_close(
            ends[0], ends[1], rtol=1e-12, atol=1e-12, msg=lambda text, g=given: f"{g.desc}: {text}"
        )
        tried += 1
    assert tried >= 5


@pytest.mark.parametrize("name", SETTINGS)
def test_pytorchs_own_inputs_for_its_errors_are_refused(name: str) -> None:
    for given in DATABASE[name].optim_error_inputs_func(device="cpu", dtype=torch.float64):
        settings = given.optimizer_error_input.kwargs
        if "foreach" in settings or len({type(beta) for beta in settings.get("betas", ())}) > 1:
            continue  # about PyTorch's own kernels; and a number beside a tensor, which ours take
        params = given.optimizer_error_input.params
        params = [torch.randn(1, 1)] if params is None else params
        if given.error_type is UserWarning:
            with pytest.warns(UserWarning, match="duplicate parameters"):
                make(optim, name, params, **given.optimizer_error_input.kwargs)
        else:
            with pytest.raises(given.error_type):
                make(optim, name, params, **given.optimizer_error_input.kwargs)


@pytest.mark.parametrize("name", SETTINGS)
def test_groups_with_settings_of_their_own_and_groups_added_later(name: str) -> None:
    ours, theirs = network(), network()
    for model, module in ((ours, optim), (theirs, torch.optim)):
        optimizer = make(module, name, [{"params": model[0].parameters(), "lr": 0.02}], lr=0.01)
        train(model, optimizer, 10)
        optimizer.add_param_group({"params": model[2].parameters(), "weight_decay": 0.1})
        train(model, optimizer, 50)
    assert distance(ours, theirs) < 1e-12


@pytest.mark.parametrize("name", SETTINGS)
def test_schedulers_and_tensor_rates_drive_it(name: str) -> None:
    ours, theirs = network(), network()
    for model, module in ((ours, optim), (theirs, torch.optim)):
        optimizer = make(module, name, model.parameters(), lr=torch.tensor([0.1], dtype=torch.float64))
        scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
        for _ in range(3):
            train(model, optimizer, 5)
            scheduler.step()
        assert optimizer.param_groups[0]["lr"].item() == pytest.approx(0.0125)
    assert distance(ours, theirs) < 1e-12


def test_tensor_betas_of_any_shape_count_as_numbers() -> None:
    ours, theirs = network(), network()
    betas = (torch.tensor([[[0.8]]], dtype=torch.float64), torch.tensor([0.9], dtype=torch.float64))
    train(ours, optim.Adam(ours.parameters(), lr=0.01, betas=betas), 50)
    train(theirs, torch.optim.Adam(theirs.parameters(), lr=0.01, betas=(0.8, 0.9)), 50)
    assert distance(ours, theirs) < 1e-12


@pytest.mark.parametrize("name", SETTINGS)
def test_parameters_without_gradients_stay_and_a_closure_is_called_with_gradients_on(name: str) -> None:
    used, unused = nn.Parameter(torch.ones(2)), nn.Parameter(torch.ones(2))
    optimizer = make(optim, name, [used, unused], lr=0.5)

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = used.sum()
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 2
    assert (used < 1).all()
    assert unused.tolist() == [1, 1]
    assert unused not in optimizer.state


@pytest.mark.parametrize("name", SETTINGS)
def test_sparse_gradients_are_refused(name: str) -> None:
    embedding = nn.Embedding(4, 2, sparse=True)
    embedding(torch.tensor([1])).sum().backward()
    with pytest.raises(RuntimeError, match=f"{name} does not take sparse gradients"):
        make(optim, name, embedding.parameters(), lr=0.1).step()


@pytest.mark.parametrize(
    ("name", "setting"),
    [
        *itertools.product(["SGD"], ["lr", "momentum", "dampening", "weight_decay"]),
        *itertools.product(["Adagrad"], ["lr", "lr_decay", "weight_decay", "initial_accumulator_value", "eps"]),
        *itertools.product(["RMSprop"], ["lr", "alpha", "eps", "weight_decay", "momentum"]),
        *itertools.product(["Adam", "AdamW"], ["lr", "eps", "weight_decay"]),
    ],
)
@pytest.mark.parametrize("value", [-0.1, float("nan")])
def test_a_setting_out_of_range_is_named(name: str, setting: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"{setting} must be at least 0, got {value}"):
        make(optim, name, network().parameters(), **{setting: value})


@pytest.mark.parametrize("betas", [(1.0, 0.9), (-0.1, 0.9), (float("nan"), 0.9)])
def test_a_beta_out_of_range_is_named(betas: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match=rf"betas\[0\] must be at least 0 and below 1, got {betas[0]}"):
        optim.Adam(network().parameters(), betas=betas)
    with pytest.raises(ValueError, match=r"betas\[1\]"):
        optim.AdamW(network().parameters(), betas=betas[::-1])


def test_contradictory_settings_are_refused() -> None:
    with pytest.raises(ValueError, match="nesterov=True needs momentum above 0"):
        optim.SGD(network().parameters(), lr=0.1, nesterov=True)
    with pytest.raises(ValueError, match="one element"):
        optim.SGD(network().parameters(), lr=torch.ones(2))


RULES: dict[Callable[..., Any], dict[str, Any]] = {
    optim.gd: {},
    optim.momentum: {"momentum": 0.8},
    optim.nesterov: {"momentum": 0.8},
    optim.adagrad: {"lr_decay": 0.1},
    optim.rmsprop: {"momentum": 0.5, "centered": True},
    optim.adam: {"amsgrad": True, "weight_decay": 0.1},
    optim.adamw: {"weight_decay": 0.1},
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_leading_axis_of_runs_gives_every_run_its_own_settings(rule: Callable[..., object]) -> None:
    gradient = torch.tensor([1.0, 10.0], dtype=torch.float64).__mul__
    rates = torch.tensor([[0.01], [0.05], [0.1]], dtype=torch.float64)
    start = torch.tensor([[2.0, 1.0]], dtype=torch.float64).expand(3, 2)
    together = optim.trajectory(rule, gradient, start, 30, lr=rates, **RULES[rule])
    for run, rate in enumerate(rates.flatten()):
        alone = optim.trajectory(rule, gradient, start[run], 30, lr=float(rate), **RULES[rule])
        torch.testing.assert_close(together[:, run], alone, rtol=1e-12, atol=0)


@pytest.mark.parametrize(
    ("rule", "name", "values"),
    [
        (optim.gd, "weight_decay", [0.0, 0.1, 0.5]),
        (optim.momentum, "momentum", [0.0, 0.5, 0.9]),
        (optim.momentum, "dampening", [0.0, 0.5, 0.9]),
        (optim.nesterov, "momentum", [0.1, 0.5, 0.9]),
        (optim.adagrad, "lr_decay", [0.0, 0.1, 1.0]),
        (optim.adagrad, "initial_accumulator_value", [0.0, 0.1, 1.0]),
        (optim.adagrad, "eps", [1e-10, 0.1, 1.0]),
        (optim.rmsprop, "alpha", [0.5, 0.9, 0.99]),
        (optim.rmsprop, "momentum", [0.0, 0.5, 0.9]),
        (optim.adam, "beta1", [0.0, 0.5, 0.9]),
        (optim.adam, "beta2", [0.5, 0.9, 0.999]),
        (optim.adam, "eps", [1e-8, 0.1, 1.0]),
        (optim.adam, "weight_decay", [0.0, 0.1, 1.0]),
        (optim.adamw, "weight_decay", [0.0, 0.1, 1.0]),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_every_setting_may_differ_from_run_to_run(rule: Callable[..., Any], name: str, values: list[float]) -> None:
    gradient = torch.tensor([1.0, 10.0], dtype=torch.float64).__mul__
    start = torch.tensor([[2.0, 1.0]], dtype=torch.float64).expand(3, 2)
    column = torch.tensor(values, dtype=torch.float64).unsqueeze(1)
    together = optim.trajectory(rule, gradient, start, 30, lr=0.05, **{name: column})
    ends = set()
    for run, value in enumerate(values):
        alone = optim.trajectory(rule, gradient, start[run], 30, lr=0.05, **{name: value})
        torch.testing.assert_close(together[:, run], alone, rtol=1e-12, atol=1e-15)
        ends.add(float(alone[-1, 0]))
    assert len(ends) == 3  # the setting matters


def test_the_first_steps_of_the_adaptive_rules_worked_by_hand() -> None:
    w, g = torch.tensor(1.0, dtype=torch.float64), torch.tensor(4.0, dtype=torch.float64)
    # AdaGrad: 4 / (sqrt(16) + 1); RMSprop: v = 0.01 * 16, 4 / (0.4 + 1).
    assert optim.adagrad(w, g, {}, lr=0.1, eps=1.0)[0].item() == pytest.approx(1 - 0.1 * 4 / 5)
    assert optim.rmsprop(w, g, {}, lr=0.1, eps=1.0)[0].item() == pytest.approx(1 - 0.1 * 4 / 1.4)
    # Adam: both averages are corrected to 4 and 16; then m = (0.9 * 0.4 - 0.1 * 2) / 0.19, v = ... / 0.001999.
    w, state = optim.adam(w, g, {}, lr=0.1, eps=1.0)
    assert w.item() == pytest.approx(1 - 0.1 * 4 / 5)
    second = optim.adam(w, torch.tensor(-2.0, dtype=torch.float64), state, lr=0.1, eps=1.0)[0]
    mean, square = (0.9 * 0.4 - 0.2) / 0.19, (0.999 * 0.016 + 0.004) / 0.001999
    assert second.item() == pytest.approx(w.item() - 0.1 * mean / (math.sqrt(square) + 1))


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
    for rule, settings in RULES.items():
        kept = rule(param, grad, {}, lr=0.1, **settings)[1]
        before = {name: value.clone() for name, value in kept.items()}
        rule(param, grad, kept, lr=0.1, **settings)
        assert all(torch.equal(kept[name], value) for name, value in before.items())
    for tensor in (param, grad, velocity):
        assert tensor.tolist() == [1, 1, 1]


def test_a_negative_number_of_steps_is_refused() -> None:
    with pytest.raises(ValueError, match="steps must be at least 0"):
        optim.trajectory(optim.gd, lambda w: w, torch.ones(1), -1, lr=0.1)
