"""The profile of a network's layers: against hand-made hooks and equations, and with the model left as it was."""

import copy
import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from unstuck.layers import layer_profile
from unstuck.models import MLP, ResNet


@pytest.fixture
def batch() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(32, 5, generator=generator), torch.randint(3, (32,), generator=generator)


def test_outputs_and_gradients_are_those_of_the_chain_rule(batch: tuple[torch.Tensor, torch.Tensor]) -> None:
    torch.manual_seed(0)
    x, y = batch
    model = nn.Sequential(nn.Linear(5, 4), nn.Tanh(), nn.Linear(4, 3))
    profile = layer_profile(model, x, y)
    first, last = model[0], model[2]
    with torch.no_grad():
        z = x @ first.weight.T + first.bias
        h = z.tanh()
        logits = h @ last.weight.T + last.bias
        of_logits = logits.softmax(1) - torch.eye(3)[y]  # of each sample's own loss
        of_h = of_logits @ last.weight
        of_z = of_h * (1 - h**2)
    for row, output, grad in zip(profile.itertuples(), (z, h, logits), (of_z, of_h, of_logits), strict=True):
        assert row.mean == pytest.approx(output.mean().item(), abs=1e-6)
        assert row.std == pytest.approx(output.std(correction=0).item(), rel=1e-5)
        assert row.grad_std == pytest.approx(grad.std(correction=0).item(), rel=1e-5)
    assert profile.loc["0", "weight_norm"] == pytest.approx(first.weight.norm().item(), rel=1e-6)
    assert profile.loc["0", "weight_grad_norm"] == pytest.approx((of_z.T @ x / 32).norm().item(), rel=1e-5)
    assert profile.loc["2", "weight_grad_norm"] == pytest.approx((of_logits.T @ h / 32).norm().item(), rel=1e-5)
    assert math.isnan(profile.loc["1", "weight_norm"])


def test_zeros_dead_units_and_saturation_are_counted() -> None:
    x = torch.tensor([[-1.0, 2.0, -3.0, 0.5], [-1.0, -2.0, 3.0, 0.5]])
    relu = layer_profile(nn.Sequential(nn.ReLU()), x).iloc[0]
    assert (relu.zero, relu.dead) == (4 / 8, 1 / 4)
    assert math.isnan(relu.saturated)
    assert layer_profile(nn.Sequential(nn.Tanh()), x).iloc[0].saturated == 1 / 8 + 1 / 8  # |tanh 3| > 0.98 > tanh 2
    assert layer_profile(nn.Sequential(nn.Sigmoid()), 5 * torch.sign(x)).iloc[0].saturated == 1


def test_a_channel_is_dead_only_if_it_is_zero_everywhere() -> None:
    x = -torch.ones(2, 3, 4, 4)
    x[1, 2, 3, 3] = 1.0
    assert layer_profile(nn.Sequential(nn.ReLU()), x).iloc[0].dead == pytest.approx(2 / 3)


def test_gradients_are_a_samples_own_whatever_the_size_of_the_batch(batch: tuple[torch.Tensor, torch.Tensor]) -> None:
    torch.manual_seed(0)
    x, y = batch
    model = MLP(8, classes=3, in_shape=(5,))
    once, twice = layer_profile(model, x, y), layer_profile(model, x.repeat(2, 1), y.repeat(2))
    torch.testing.assert_close(torch.tensor(once.grad_std.values), torch.tensor(twice.grad_std.values))


def test_the_model_is_left_as_it_was() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(ResNet(width=4, in_shape=(1, 8, 8)), nn.Dropout(0.5))
    x, y = torch.randn(6, 1, 8, 8), torch.arange(6)
    model(x).sum().backward()
    before, grads = copy.deepcopy(model.state_dict()), [param.grad.clone() for param in model.parameters()]
    state = torch.get_rng_state()
    with torch.no_grad():
        layer_profile(model, x, y)
    assert torch.equal(torch.get_rng_state(), state)
    torch.testing.assert_close(model.state_dict(), before, rtol=0, atol=0)
    for param, grad in zip(model.parameters(), grads, strict=True):
        assert torch.equal(param.grad, grad)
    assert not any(module._forward_hooks for module in model.modules())
    assert model.training
    assert not x.requires_grad


def test_the_model_is_left_as_it_was_by_a_forward_pass_that_fails() -> None:
    model = nn.Sequential(nn.BatchNorm1d(5), nn.Linear(5, 3))
    with pytest.raises(RuntimeError):
        layer_profile(model, torch.randn(4, 6))
    assert not any(module._forward_hooks for module in model.modules())


def test_dropout_is_measured_in_the_mode_the_model_is_in() -> None:
    model, x = nn.Sequential(nn.Dropout(0.5)), torch.ones(100, 20)
    assert layer_profile(model.train(), x).iloc[0].zero == pytest.approx(0.5, abs=0.1)
    assert layer_profile(model.eval(), x).iloc[0].zero == 0


def test_an_activation_in_place_does_not_overwrite_what_was_measured(batch: tuple[torch.Tensor, torch.Tensor]) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 3))
    plain = layer_profile(model, *batch)
    model[1] = nn.ReLU(inplace=True)
    torch.testing.assert_close(
        torch.tensor(layer_profile(model, *batch).drop(columns=["kind", "shape"]).values.astype(float)),
        torch.tensor(plain.drop(columns=["kind", "shape"]).values.astype(float)),
        equal_nan=True,
    )


class Reused(nn.Module):
    """One activation called twice, an input written into, a layer that is never called."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.act, self.unused = nn.Linear(5, 5), nn.ReLU(), nn.Linear(5, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x.sub_(1.0)
        return self.act(self.first(self.act(x)))


def test_a_row_a_call_in_the_order_of_the_calls(batch: tuple[torch.Tensor, torch.Tensor]) -> None:
    x, y = batch
    before = x.clone()
    profile = layer_profile(Reused(), x, y)
    assert list(profile.index) == ["act", "first", "act#2"]
    assert torch.equal(x, before)
    assert profile.grad_std.gt(0).all()


def test_a_recurrent_layer_and_whole_numbers_as_inputs() -> None:
    class Recurrent(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding, self.lstm, self.output = (
                nn.Embedding(7, 4),
                nn.LSTM(4, 6, batch_first=True),
                nn.Linear(6, 3),
            )

        def forward(self, tokens: torch.Tensor) -> torch.Tensor:
            return self.output(self.lstm(self.embedding(tokens))[0][:, -1])

    profile = layer_profile(Recurrent(), torch.randint(7, (8, 5)), torch.randint(3, (8,)))
    assert list(profile["shape"]) == [(5, 4), (5, 6), (3,)]
    assert profile.grad_std.notna().all()


def test_a_single_layer_is_a_model(batch: tuple[torch.Tensor, torch.Tensor]) -> None:
    profile = layer_profile(nn.Linear(5, 3), *batch)
    assert list(profile.index) == ["Linear"]
    assert profile.weight_grad_norm.item() > 0


def test_without_targets_nothing_is_sent_back() -> None:
    profile = layer_profile(MLP(8), torch.randn(4, 1, 8, 8))
    assert profile[["grad_std", "weight_grad_norm"]].isna().all(axis=None)
    assert profile["std"].notna().all()


def test_a_cut_in_the_graph_shows_as_no_gradient() -> None:
    class Cut(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.last = nn.Linear(5, 4), nn.Linear(4, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.last(self.first(x).detach())

    profile = layer_profile(Cut(), torch.randn(4, 5), torch.tensor([0, 1, 2, 0]))
    assert math.isnan(profile.loc["first", "grad_std"])
    assert math.isnan(profile.loc["first", "weight_grad_norm"])
    assert profile.loc["last", "grad_std"] > 0


def test_what_cannot_be_profiled_is_refused() -> None:
    class Bare(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return 2 * x + len(list(self.children()))

    class Nothing(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.bare = Bare()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x

    with pytest.raises(ValueError, match="Nothing calls no layer"):
        layer_profile(Nothing(), torch.ones(2, 3))
    with pytest.raises(ValueError, match=r"a single number, got a tensor of shape \(4,\)"):
        layer_profile(
            nn.Linear(5, 3),
            torch.randn(4, 5),
            torch.tensor([0, 1, 2, 0]),
            lambda logits, y: F.cross_entropy(logits, y, reduction="none"),
        )
