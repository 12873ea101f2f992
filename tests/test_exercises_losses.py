"""The checks of the loss chapter's exercises: right answers pass, each usual mistake is told by name."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional as F

from unstuck import check
from unstuck.exercises import AnswerError
from unstuck.exercises.losses import CHECKS


def constant(shares):
    present = shares[shares > 0]
    return -(present * present.log()).sum()


def printed(value, samples, batch_size):
    return value * samples / math.ceil(samples / batch_size)


def squashed(classes, bound):
    return math.log1p((classes - 1) * math.exp(-2 * bound))


def log_sigmoid(z):
    return torch.minimum(z, torch.zeros_like(z)) - torch.log1p(torch.exp(-z.abs()))


def generalised(logits, target, q):
    log_p = F.log_softmax(logits, dim=1).gather(1, target.unsqueeze(1))
    return -torch.expm1(q * log_p).mean() / q


RIGHT = {
    "constant": constant,
    "printed": printed,
    "squashed": squashed,
    "log-sigmoid": log_sigmoid,
    "generalised": generalised,
}


def right_p(logits, target):
    return logits.softmax(1).gather(1, target.unsqueeze(1)).squeeze(1)


WRONG = [
    ("constant", lambda s: math.log(len(s)), "uniform guess"),
    ("constant", lambda s: -s.max().log(), "most frequent class alone"),
    ("constant", lambda s: constant(s) / math.log(2), "bits"),
    ("constant", lambda s: -constant(s), "sign"),
    ("constant", lambda s: -s.log().mean(), "plain mean"),
    ("constant", lambda s: 1 - s.max(), "share of errors"),
    ("constant", lambda s: -(s * s.log()).sum(), "never occurs"),
    ("constant", lambda s: 7.0, "each class by its share"),
    ("printed", lambda p, n, b: p * b, "two, not 360 / 256"),
    ("printed", lambda p, n, b: p * n / (n // b), "round up"),
    ("printed", lambda p, n, b: p / b, "divides once more"),
    ("printed", lambda p, n, b: p * n, "how many batches"),
    ("squashed", lambda c, b: math.log1p((c - 1) * math.exp(-b)), "twice the bound"),
    ("squashed", lambda c, b: math.log1p(c * math.exp(-2 * b)), "C - 1"),
    ("squashed", lambda c, b: math.log1p(math.exp(-2 * b)), "not only one"),
    ("squashed", lambda c, b: math.log1p((c - 1) * math.exp(2 * b)), "the least"),
    ("squashed", lambda c, b: math.log1p(9 * math.exp(-3)), "write out log-sum-exp"),
    ("log-sigmoid", torch.sigmoid, "logarithm is asked for"),
    ("log-sigmoid", lambda z: F.logsigmoid(-z), "wrong way round"),
    ("log-sigmoid", lambda z: -F.logsigmoid(z), "wrong way round"),
    ("log-sigmoid", lambda z: torch.sigmoid(z).log(), "infinite or nan"),
    ("log-sigmoid", lambda z: -torch.log1p(torch.exp(-z)), "infinite or nan"),
    ("log-sigmoid", lambda z: F.logsigmoid(z.clamp(-200, 200)), "not for large"),
    ("log-sigmoid", lambda z: z.clamp(max=0) - torch.log1p(torch.exp(-z.abs())), "right except at z = 0"),
    ("log-sigmoid", lambda z: F.logsigmoid(z.detach()), "no gradient"),
    ("log-sigmoid", lambda z: torch.where(z < 0, z - (z.exp()).log1p(), -(-z).exp().log1p()), "gradient is not"),
    ("generalised", lambda z, t, q: (1 - right_p(z, t) ** q).mean(), "divide by q"),
    ("generalised", lambda z, t, q: ((1 - right_p(z, t) ** q) / q).sum(), "not the sum"),
    ("generalised", lambda z, t, q: (1 - right_p(z, t) ** q) / q, "not one loss a sample"),
    ("generalised", lambda z, t, q: ((1 - z.softmax(1) ** q) / q).mean(), "all classes"),
    ("generalised", lambda z, t, q: F.cross_entropy(z, t), "no part"),
    ("generalised", lambda z, t, q: ((1 - right_p(z, t) ** q) / q).mean(), "nan at 300"),
    ("generalised", lambda z, t, q: generalised(z, t, q).item(), "no gradient"),
]


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_answer_passes(name):
    assert str(check(f"losses.{name}", RIGHT[name])) == f"losses.{name}: right."


def test_every_exercise_has_a_right_answer_here():
    assert set(RIGHT) == set(CHECKS)


@pytest.mark.parametrize(("name", "answer", "hint"), WRONG)
def test_a_usual_mistake_is_told_by_name(name, answer, hint):
    with pytest.raises(AnswerError, match=hint):
        check(f"losses.{name}", answer)


def broken(*_arguments):
    raise ZeroDivisionError("oh")


@pytest.mark.parametrize("name", RIGHT)
@pytest.mark.parametrize(
    ("garbage", "hint"),
    [
        (None, "the function itself"),
        ("entropy", "the function itself"),
        (broken, "raised ZeroDivisionError"),
        (lambda *_: None, "number or a tensor"),
        (lambda *_: "1.5", "number or a tensor"),
        (lambda *_: torch.zeros(7, 7), "shape"),
    ],
)
def test_garbage_is_refused_with_a_hint(name, garbage, hint):
    with pytest.raises(AnswerError, match=hint):
        check(f"losses.{name}", garbage)
