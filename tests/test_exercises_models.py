"""The checks of the chapter on models: right answers pass, typical mistakes are named."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from unstuck import check
from unstuck.exercises import AnswerError
from unstuck.exercises.models import CHECKS
from unstuck.models import CIFARNet, ConvNet


def parity():
    return torch.ones(3, 3), torch.tensor([0, -1, -2]), torch.tensor([1, -2, 2])


def flat(in_shape, layers):
    channels, height, width = in_shape
    for made, kernel, stride, padding in layers:
        height, width = ((side + 2 * padding - kernel) // stride + 1 for side in (height, width))
        channels = channels if made is None else made
    return channels * height * width


def moment(activation, of):
    """Sum over a fine grid, where the checker integrates by quadrature."""
    z = torch.linspace(-8, 8, 40001, dtype=torch.float64)
    density = torch.exp(-z.square() / 2) / math.sqrt(2 * math.pi)
    return float(torch.trapezoid(of(activation(z)) * density, z))


def gain(activation):
    return moment(activation, torch.square) ** -0.5


def one_batch(make, x, y, steps=200, threshold=1.0, training=False):
    model = make()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(steps):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
    with torch.no_grad():
        right = (model.train(training)(x).argmax(1) == y).float().mean().item()
    return right >= threshold


RIGHT = {"parity": parity, "flat": flat, "gain": gain, "one-batch": one_batch}


def test_every_exercise_has_a_right_answer_here():
    assert RIGHT.keys() == CHECKS.keys()


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_answer_passes(name):
    assert check(f"models.{name}", RIGHT[name]) == f"models.{name}: right."


def test_lists_and_another_network_for_parity_pass_too():
    def other():  # two units see all bits, the third only where all of them are one, and the signs are mirrored
        return [[1, 1, 1], [2, 2, 2], [4, 4, 4]], [0, -2, -8], [1.0, -1.0, 0.5]

    check("models.parity", other)


@pytest.mark.parametrize(("in_shape", "layers"), [
    ((3, 32, 32), [(16, 3, 1, 0), (None, 2, 2, 0), (32, 3, 1, 0), (None, 2, 2, 0)]),
    ((3, 30, 21), [(8, 5, 2, 2), (None, 3, 2, 1)]),
    ((1, 9, 12), [(4, 4, 3, 0)]),
])  # fmt: skip
def test_the_formula_is_that_of_pytorchs_layers(in_shape, layers):
    x = torch.zeros(1, *in_shape)
    for channels, kernel, stride, padding in layers:
        if channels is None:
            x = F.max_pool2d(x, kernel, stride, padding)
        else:
            x = nn.Conv2d(x.shape[1], channels, kernel, stride, padding)(x)
    assert flat(in_shape, layers) == x.numel()


def test_the_formula_gives_the_linear_layers_of_the_package():
    convolution, pooling = (3, 1, 0), (None, 2, 2, 0)
    assert (
        flat((3, 32, 32), [(16, *convolution), pooling, (32, *convolution), pooling]) == CIFARNet().hidden.in_features
    )
    assert flat((1, 28, 28), [(32, *convolution), (64, *convolution), pooling]) == ConvNet().hidden.in_features


def test_the_gain_keeps_the_variance_of_a_layer():
    generator = torch.Generator().manual_seed(0)
    z = torch.randn(500, 2000, generator=generator)
    for activation in (torch.relu, torch.tanh, F.gelu, torch.sigmoid):
        weight = gain(activation) / math.sqrt(2000) * torch.randn(2000, 2000, generator=generator)
        # A sigmoid's mean is common to all samples, so that only the outputs' number averages chance out.
        assert (activation(z) @ weight).square().mean().item() == pytest.approx(1, rel=4 * math.sqrt(2 / 2000))


def test_the_gain_of_relu_is_that_of_pytorch():
    assert gain(torch.relu) == pytest.approx(nn.init.calculate_gain("relu"), rel=1e-6)


def sides(in_shape, layers, round_up=False, ends=2):
    channels, height, width = in_shape
    for made, kernel, stride, padding in layers:
        height, width = ((side + ends * padding - kernel) / stride + 1 for side in (height, width))
        height, width = (math.ceil(side) if round_up else math.floor(side) for side in (height, width))
        channels = channels if made is None else made
    return channels, height, width


def on_input_channels(in_shape, layers):
    _, height, width = sides(in_shape, layers)
    return in_shape[0] * height * width


def as_a_square(in_shape, layers):
    channels, height, _ = sides(in_shape, layers)
    return channels * height**2


def falling(make, x, y):
    """Passes whatever gets half of the batch right."""
    return one_batch(make, x, y, threshold=0.1)


def without(unit):
    weight, bias, out = parity()
    return weight, bias, torch.where(torch.arange(3) == unit, 0, out)


WRONG = [
    ("parity", lambda: without(2), "third unit"),
    ("parity", lambda: without(1), "0 is asked for"),
    ("parity", lambda: (torch.ones(3, 3), torch.zeros(3), torch.ones(3)), "1 is asked for"),
    ("parity", lambda: parity()[:2], "return three things"),
    ("parity", lambda: (torch.ones(2, 3), *parity()[1:]), r"shape \(3, 3\)"),
    ("parity", lambda: ("ones", *parity()[1:]), "must be numbers"),
    ("parity", lambda: 1, "return three things"),
    ("flat", lambda s, layers: math.prod(sides(s, layers, round_up=True)), "round down"),
    ("flat", lambda s, layers: math.prod(sides(s, layers, ends=1)), "both ends"),
    ("flat", lambda s, layers: math.prod(sides(s, layers)[1:]), "one channel"),
    ("flat", as_a_square, "on its own"),
    ("flat", on_input_channels, "not those of the input"),
    ("flat", lambda s, layers: 0, "follow each side"),
    ("flat", sides, "shape"),
    ("gain", lambda phi: gain(phi) ** 2, "factor for the variance"),
    ("gain", lambda phi: 1 / gain(phi), "what the activation leaves"),
    ("gain", lambda phi: moment(phi, lambda a: (a - moment(phi, lambda b: b)).square()) ** -0.5, "mean off"),
    ("gain", lambda phi: 1 / moment(phi, torch.abs), "mean size"),
    ("gain", lambda phi: nn.init.calculate_gain("relu"), "wrong for tanh"),
    ("gain", lambda phi: nn.init.calculate_gain("tanh"), "wrong for ReLU"),
    ("one-batch", lambda make, x, y: one_batch(make, x, y, steps=3), "sound network"),
    ("one-batch", lambda make, x, y: one_batch(make, x, y, training=True), "eval mode"),
    ("one-batch", falling, "only its last layer learns"),
    ("one-batch", lambda make, x, y: True, "only its last layer learns"),
    ("one-batch", lambda make, x, y: False, "sound network"),
    ("one-batch", lambda make, x, y: 0.5, "True or False"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "answer", "message"), WRONG, ids=[f"{n}: {m}" for n, _, m in WRONG])
def test_a_wrong_answer_is_told_why(name, answer, message):
    with pytest.raises(AnswerError, match=message):
        check(f"models.{name}", answer)


@pytest.mark.parametrize("cast", [torch.tensor, lambda passed: torch.tensor([passed])])
def test_a_verdict_may_be_a_tensor(cast):
    check("models.one-batch", lambda make, x, y: cast(one_batch(make, x, y)))


def broken(*_):
    raise RuntimeError("no idea")


@pytest.mark.parametrize("name", RIGHT)
@pytest.mark.parametrize("garbage", [None, "a guess", broken])
def test_garbage_gets_a_clear_error(name, garbage):
    message = "raised RuntimeError" if garbage is broken else "hand over"
    with pytest.raises(AnswerError, match=message):
        check(f"models.{name}", garbage)
