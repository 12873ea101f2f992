"""The checks of the chapter on gradient descent: right answers pass, typical mistakes are named."""

import math

import pytest
import torch

from unstuck import check
from unstuck.exercises import AnswerError
from unstuck.exercises.gradient_descent import CHECKS


def hessian(x):
    design = torch.stack([x, torch.ones_like(x)], dim=1)
    return 2 * design.T @ design / len(x)


def largest_rate(x):
    return 2 / torch.linalg.eigvalsh(hessian(x))[-1]


def critical_momentum(lr, curvature):
    return (1 - math.sqrt(lr * curvature)) ** 2


def noise_scale(gradients):
    mean = gradients.mean(0)
    return (gradients - mean).square().sum(1).mean() / mean.square().sum()


def diagnose(first_loss, classes, batch_size, ratio):
    ignorant = math.log(classes)
    if abs(first_loss - batch_size * ignorant) < abs(first_loss - ignorant):
        return "summed"
    if ratio < 1e-4:
        return "too small"
    return "too large" if ratio > 0.3 else "look elsewhere"


def chebyshev_rates():
    return [1 / (50.5 + 49.5 * math.cos((2 * i + 1) / 16 * math.pi)) for i in range(8)]


RIGHT = {
    "threshold": largest_rate,
    "momentum": critical_momentum,
    "noise": noise_scale,
    "diagnose": diagnose,
    "rates": chebyshev_rates(),
}


def test_every_exercise_has_a_right_answer_here():
    assert RIGHT.keys() == CHECKS.keys()


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_answer_passes(name):
    assert check(f"gradient_descent.{name}", RIGHT[name]) == f"gradient_descent.{name}: right."


def test_the_largest_rate_is_where_descent_stops_converging():
    x = torch.tensor([0.5, 1.0, 4.0])
    for factor, converges in ((0.98, True), (1.02, False)):
        w = torch.ones(2)
        for _ in range(400):
            w = w - factor * largest_rate(x) * hessian(x) @ w
        assert bool(w.norm() < 10) is converges


def test_the_critical_momentum_shrinks_the_error_fastest():
    def left(mu, lr=0.1, curvature=1.0):
        before, now = 1.0, 1.0
        for _ in range(60):
            before, now = now, (1 + mu - lr * curvature) * now - mu * before
        return abs(now) + abs(before)

    best = critical_momentum(0.1, 1.0)
    assert left(best) < left(best - 0.1)
    assert left(best) < left(best + 0.1)


WRONG = [
    ("threshold", lambda x: 1 / torch.linalg.eigvalsh(hessian(x))[-1], "1/λmax"),
    ("threshold", lambda x: 2 * largest_rate(x), "a factor 2"),
    ("threshold", lambda x: largest_rate(x) / len(x), "mean over the samples"),
    ("threshold", lambda x: 1 / x.square().mean(), "limit for w alone"),
    ("threshold", lambda x: 2 / torch.linalg.eigvalsh(hessian(x))[0], "flattest"),
    ("threshold", lambda x: 0.1, "largest eigenvalue"),
    ("momentum", lambda lr, c: 1 - math.sqrt(lr * c), "its square"),
    ("momentum", lambda lr, c: (1 + math.sqrt(lr * c)) ** 2, "other root"),
    ("momentum", lambda lr, c: (1 - lr * c) ** 2, "the root goes over"),
    ("momentum", lambda lr, c: 1 - lr * c, "plain gradient descent"),
    ("momentum", lambda lr, c: 0.9, "discriminant"),
    ("noise", lambda g: g.square().sum(1).mean() / g.mean(0).square().sum(), "not taken out"),
    ("noise", lambda g: g.var(0).sum() / g.mean(0).square().sum(), "not by one less"),
    ("noise", lambda g: g.var(0, correction=0).mean() / g.mean(0).square().sum(), "variances of all parameters"),
    ("noise", lambda g: noise_scale(g).sqrt(), "compares lengths"),
    ("noise", lambda g: 1 / noise_scale(g), "turn it round"),
    ("noise", lambda g: 1.0, "squared distance"),
    ("noise", lambda g: g.var(0), "shape"),
    ("diagnose", lambda *_: "too small", "first update is as large as the weights"),
    ("diagnose", lambda *_: "dead", "return one of"),
    ("diagnose", lambda loss, classes, batch, ratio: diagnose(loss, 10, batch, ratio), "10,000 classes"),
    ("diagnose", lambda loss, c, b, ratio: "summed" if loss > 4 else diagnose(loss, c, 1, ratio), "100 classes"),
    ("diagnose", lambda loss, c, b, r: "summed" if b == 1 else diagnose(loss, c, b, r), "sum and mean are the same"),
    ("rates", [2 / 101] * 8, "no constant rate"),
    ("rates", [0.02, 0.019, 0.018, 0.017, 0.016, 0.015, 0.014, 0.013], "once it is what the flat directions need"),
    ("rates", [0.5, 0.02, 0.02, 0.02, 0.02, 0.02, 0.02, 0.02], "spread the roots"),
    ("rates", [0.02] * 7, "eight rates"),
    ("rates", [-0.02] * 8, "above 0"),
    ("rates", [float("nan")] * 8, "finite"),
]


@pytest.mark.parametrize(("name", "answer", "message"), WRONG, ids=[f"{n}: {m}" for n, _, m in WRONG])
def test_a_wrong_answer_is_told_why(name, answer, message):
    with pytest.raises(AnswerError, match=message):
        check(f"gradient_descent.{name}", answer)


def broken(*_):
    raise RuntimeError("no idea")


@pytest.mark.parametrize("name", RIGHT)
@pytest.mark.parametrize("garbage", [None, "a guess", broken])
def test_garbage_gets_a_clear_error(name, garbage):
    message = "raised RuntimeError" if garbage is broken and name != "rates" else "hand over"
    with pytest.raises(AnswerError, match=message):
        check(f"gradient_descent.{name}", garbage)
