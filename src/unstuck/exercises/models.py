"""Checks for the exercises of the chapter ``book/models.md``."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from unstuck.exercises.answers import AnswerError, Checker, call, expect_close
from unstuck.models import MLP

__all__ = ["CHECKS"]

Activation = Callable[[Tensor], Tensor]
Layer = tuple[int | None, int, int, int]  # channels, none for a pooling; kernel, stride, padding


def _parity(answer: Any) -> None:
    got = call(answer)
    if not isinstance(got, (tuple, list)) or len(got) != 3:
        raise AnswerError(f"return three things, the hidden weights, the hidden biases and the output's, not {got!r}")
    shapes = {"hidden weights": (3, 3), "hidden biases": (3,), "output weights": (3,)}
    tensors = []
    for part, (name, shape) in zip(got, shapes.items(), strict=True):
        try:
            tensor = torch.as_tensor(part, dtype=torch.float64)
        except (TypeError, ValueError, RuntimeError):
            raise AnswerError(f"the {name} must be numbers of shape {shape}, not {part!r}") from None
        if tensor.shape != shape:
            raise AnswerError(f"the {name} must have shape {shape}, got {tuple(tensor.shape)}")
        tensors.append(tensor)
    weight, bias, out = tensors
    for bits in itertools.product((0.0, 1.0), repeat=3):
        value = (torch.relu(weight @ torch.tensor(bits, dtype=torch.float64) + bias) @ out).item()
        ones = int(sum(bits))
        if not math.isclose(value, ones % 2, abs_tol=1e-6):
            hint = ": the third unit has to put back what the second takes off" if ones == 3 else ""
            shown = ", ".join(f"{bit:.0f}" for bit in bits)
            raise AnswerError(f"for ({shown}) the network says {value:.3g}, and {ones % 2} is asked for{hint}")


def _flat(answer: Any) -> None:
    cases: list[tuple[tuple[int, ...], list[Layer]]] = [
        ((3, 32, 32), [(16, 3, 1, 0), (None, 2, 2, 0), (32, 3, 1, 0), (None, 2, 2, 0)]),
        ((1, 28, 28), [(32, 3, 1, 0), (64, 3, 1, 0), (None, 2, 2, 0)]),
        ((3, 30, 21), [(8, 5, 2, 2), (None, 3, 2, 1)]),
        ((1, 9, 12), [(4, 4, 3, 0)]),
        ((2, 8, 8), []),
    ]
    for in_shape, layers in cases:
        wanted = _features(in_shape, layers)
        expect_close(
            call(answer, in_shape, list(layers)),
            wanted,
            f"for {in_shape} and {layers} the flattened output has {wanted} numbers: follow each side through every "
            "layer, channels apart",
            mistakes={
                "a last step that does not fit is left out: round down": _features(in_shape, layers, round_up=True),
                "padding is added at both ends of a side": _features(in_shape, layers, ends=1),
                "that is the size of one channel; multiply by the channels": wanted // _channels(in_shape, layers),
                "follow height and width each on its own": _features((in_shape[0], in_shape[1], in_shape[1]), layers),
                "the channels multiply the last size; they are not those of the input": wanted
                // _channels(in_shape, layers)
                * in_shape[0],
            },
            rtol=1e-9,
        )


def _features(in_shape: tuple[int, ...], layers: list[Layer], *, round_up: bool = False, ends: int = 2) -> int:
    def side(length: int) -> int:
        for _, kernel, stride, padding in layers:
            free = length + ends * padding - kernel
            length = (-(-free // stride) if round_up else free // stride) + 1
        return length

    return _channels(in_shape, layers) * side(in_shape[1]) * side(in_shape[2])


def _channels(in_shape: tuple[int, ...], layers: list[Layer]) -> int:
    made = [channels for channels, *_ in layers if channels is not None]
    return int(made[-1] if made else in_shape[0])


def _gain(answer: Any) -> None:
    activations: dict[str, Activation] = {
        "ReLU": torch.relu,
        "tanh": torch.tanh,
        "GELU": F.gelu,
        "sigmoid": torch.sigmoid,
        "the identity": lambda z: z,
    }
    for name, activation in activations.items():
        mean, square, size = (_expected(activation, of) for of in (lambda a: a, Tensor.square, Tensor.abs))
        expect_close(
            call(answer, activation),
            square**-0.5,
            f"wrong for {name}: over a standard normal z, the mean of activation(z)² times the gain squared is 1",
            mistakes={
                "that is the factor for the variance; the gain multiplies the standard deviation": 1 / square,
                "that is what the activation leaves; the gain makes up for it": square**0.5,
                f"for {name} you have taken the mean off; the next layer's weights have mean zero and multiply all of "
                "it: take the mean square, not the variance": (square - mean**2) ** -0.5,
                "that keeps the mean size; what adds up over the inputs is the square": 1 / size,
            },
            rtol=0.02,
        )


def _expected(activation: Activation, of: Callable[[Tensor], Tensor]) -> float:
    points, weights = np.polynomial.hermite_e.hermegauss(200)
    values = of(activation(torch.from_numpy(points)))
    return float((values * torch.from_numpy(weights)).sum() / math.sqrt(2 * math.pi))


class _Detached(MLP):
    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.output(self.body(x).detach())
        return logits


class _Dead(MLP):
    def forward(self, x: Tensor) -> Tensor:
        return (super().forward(x) - 100).relu()


class _Listed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = [nn.Linear(20, 12), nn.ReLU()]
        self.output = nn.Linear(12, 10)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        logits: Tensor = self.output(x)
        return logits


def _one_batch(answer: Any) -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(64, 20, generator=generator)
    y = torch.randint(10, (64,), generator=generator)

    def mlp(kind: type[MLP], *hidden: int, activation: Callable[[], nn.Module] = nn.ReLU) -> Callable[[], nn.Module]:
        return lambda: kind(*hidden, in_shape=(20,), activation=activation)

    with_dropout = mlp(MLP, 64, activation=lambda: nn.Sequential(nn.ReLU(), nn.Dropout(0.7)))
    cases: list[tuple[str, Callable[[], nn.Module], bool, str]] = [
        ("a sound network", mlp(MLP, 128), True, "give it more steps, or a larger rate"),
        ("a network with dropout", with_dropout, True, "it knows the batch by heart in eval mode: measure there"),
        ("a network whose hidden layer is detached", mlp(_Detached, 12), False, "only its last layer learns"),
        ("a network with its layers in a plain list", _Listed, False, "only its last layer learns"),
        ("a network with two hidden units", mlp(MLP, 2), False, "a loss that falls is not enough"),
        ("a network whose logits are all cut off at zero", mlp(_Dead, 128), False, "all its logits are equal"),
    ]
    for name, make, learns, why in cases:
        with torch.random.fork_rng([]):
            torch.manual_seed(0)
            got = call(answer, make, x.clone(), y.clone())
        if isinstance(got, Tensor) and got.numel() == 1:
            got = got.item()
        if not isinstance(got, (bool, np.bool_)):
            raise AnswerError(f"return True or False, not {got!r}")
        if bool(got) != learns:
            raise AnswerError(f"{name} gave {bool(got)}: {why}")


CHECKS: dict[str, Checker] = {
    "parity": _parity,
    "flat": _flat,
    "gain": _gain,
    "one-batch": _one_batch,
}
