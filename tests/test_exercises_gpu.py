"""The checks of the chapter on training on a GPU: right answers pass, typical mistakes are named."""

import math
from itertools import pairwise

import pytest
import torch

from unstuck import check
from unstuck.counting import count_operations
from unstuck.exercises import AnswerError
from unstuck.exercises.gpu import CHECKS
from unstuck.losses import cross_entropy
from unstuck.models import MLP


def knee(sizes, seconds):
    slope = (seconds[-1] - seconds[0]) / (sizes[-1] - sizes[0])
    return (seconds[0] - slope * sizes[0]) / slope


def step_flop(widths, batch):
    total = 0
    for layer in range(len(widths) - 1):
        total += (2 if layer == 0 else 3) * 2 * batch * widths[layer] * widths[layer + 1]
    return total


def finish(launches, durations):
    ended = 0.0
    for kernel, duration in enumerate(durations):
        ended = max(ended, sum(launches[: kernel + 1])) + duration
    return ended


def weights(sizes):
    return [len(sizes) * size / sum(sizes) for size in sizes]


def loss_scale(gradients):
    scale = 2.0**60
    while 4 * scale * gradients.abs().max() > 65504:
        scale /= 2
    return scale


RIGHT = {"knee": knee, "flop": step_flop, "finish": finish, "weights": weights, "scale": loss_scale}


def test_every_exercise_has_a_right_answer_here():
    assert RIGHT.keys() == CHECKS.keys()


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_answer_passes(name):
    assert check(f"gpu.{name}", RIGHT[name]) == f"gpu.{name}: right."


def test_the_arithmetic_is_what_a_step_of_the_network_computes():
    model = MLP(128)
    with count_operations() as counted:
        cross_entropy(model(torch.ones(64, 1, 8, 8)), torch.zeros(64, dtype=torch.long)).backward()
    assert sum(counted.flop) == step_flop([64, 128, 10], 64)


def test_the_best_scale_leaves_room_to_double_twice_and_not_three_times():
    gradients = torch.tensor([3e-8, -0.02, 1e-4])
    scaled = loss_scale(gradients) * gradients
    assert torch.isfinite((4 * scaled).half()).all()
    assert not torch.isfinite((8 * scaled).half()).all()


def test_other_kinds_of_numbers_pass_too():
    check("gpu.weights", lambda sizes: torch.tensor(weights(sizes)))
    check("gpu.scale", lambda gradients: torch.tensor(loss_scale(gradients)))


def products(widths):
    return [n * m for n, m in pairwise(widths)]


WRONG = [
    ("knee", lambda b, s: knee(b, s) * (s[-1] - s[0]) / (b[-1] - b[0]), "that is the overhead"),
    ("knee", lambda b, s: (s[-1] - s[0]) / (b[-1] - b[0]), "that is the slope;"),
    ("knee", lambda b, s: 1 / knee(b, s), "wrong way up"),
    ("knee", lambda b, s: 2 * knee(b, s), "twice as long"),
    ("knee", lambda b, s: s[0] * (b[-1] - b[0]) / (s[-1] - s[0]), "meets B = 0"),
    ("knee", lambda b, s: 64.0, "straight line"),
    ("flop", lambda w, b: 6 * b * sum(products(w)), "need no gradient"),
    ("flop", lambda w, b: 2 * b * sum(products(w)), "forward pass"),
    ("flop", lambda w, b: step_flop(w, b) - 2 * b * sum(products(w)), "add the forward one"),
    ("flop", lambda w, b: 4 * b * sum(products(w)), "two products a layer"),
    ("flop", lambda w, b: step_flop(w, b) / 2, "count as two"),
    ("flop", lambda w, b: step_flop(w, 1), "multiply by the batch"),
    ("flop", lambda w, b: step_flop(w[::-1], b), "not the last"),
    ("flop", lambda w, b: 1e6, "2 B n m"),
    ("finish", lambda a, d: sum(a) + sum(d), "launches go on"),
    ("finish", lambda a, d: sum(a), "has yet to run"),
    ("finish", lambda a, d: sum(d), "have to wait"),
    ("finish", lambda a, d: max(sum(a), sum(d)), "has yet to run"),
    ("finish", lambda a, d: finish([0.0, *a[:-1]], d), "its own launch"),
    ("finish", lambda a, d: 7.7, "whichever is later"),
    ("weights", lambda n: [k / sum(n) for k in n], "these are the shares"),
    ("weights", lambda n: [1.0 for k in n], "every process counts alike"),
    ("weights", lambda n: n, "into sums"),
    ("weights", lambda n: [sum(n) / (len(n) * k) for k in n], "must count less"),
    ("weights", lambda n: [2.0] * len(n), "divides by R"),
    ("weights", lambda n: [1.0], "shape"),
    ("scale", lambda g: 4 * loss_scale(g), "no room"),
    ("scale", lambda g: loss_scale(2 * g), "more room"),
    ("scale", lambda g: 65504 / (4 * g.abs().max()), "no power of two"),
    ("scale", lambda g: 2 * loss_scale(g), "a factor of four|overflows"),
    ("scale", lambda g: math.log2(loss_scale(g)), "exponent"),
    ("scale", lambda g: loss_scale(g.clamp(min=0)), "absolute values"),
    ("scale", lambda g: 65536.0, "largest power of two"),
]


@pytest.mark.parametrize(("name", "answer", "message"), WRONG, ids=[f"{n}: {m}" for n, _, m in WRONG])
def test_a_wrong_answer_is_told_why(name, answer, message):
    with pytest.raises(AnswerError, match=message):
        check(f"gpu.{name}", answer)


def broken(*_):
    raise RuntimeError("no idea")


@pytest.mark.parametrize("name", RIGHT)
@pytest.mark.parametrize("garbage", [None, "a guess", broken, lambda *_: "words"])
def test_garbage_gets_a_clear_error(name, garbage):
    with pytest.raises(AnswerError, match=r"raised RuntimeError|hand over|a number|a list of numbers"):
        check(f"gpu.{name}", garbage)
