"""Checks for the exercises of the chapter ``book/losses.md``."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from unstuck.exercises.answers import AnswerError, Checker, call, expect_close

__all__ = ["CHECKS"]


def constant(answer: Any) -> None:
    """Expect the entropy of the shares, in nats, zeros and all."""
    shares = torch.tensor([0.9, 0.05, 0.05])
    entropy = -(shares * shares.log()).sum()
    mistakes = {
        "that is the loss of a uniform guess, ln C; a constant may know how frequent each class is": math.log(3),
        "that is the loss of the most frequent class alone; average over all classes, each by its share": -math.log(
            0.9
        ),
        "that is in bits: take the natural logarithm, as the losses here do": entropy / math.log(2),
        "the sign is the wrong way round: a loss is minus a logarithm": -entropy,
        "sum each cost times its share: this is the plain mean of the costs": -shares.log().mean(),
        "that is the share of errors, not the loss": 0.1,
    }
    hint = "average -ln of the probability, each class by its share, for the best constant probabilities"
    expect_close(call(answer, shares), entropy, hint, mistakes=mistakes)
    with_zero = call(answer, torch.tensor([0.5, 0.5, 0.0]))
    zero_hint = "right but for a class that never occurs: 0 times ln 0 is nan; it should cost nothing"
    expect_close(with_zero, math.log(2), zero_hint)


def printed(answer: Any) -> None:
    """Expect the sum of the batch means over the number of batches."""
    hint = "multiplying by the number of samples gives the sum of the batch means; divide that by how many batches are"
    expect_close(call(answer, 0.018, 6400, 64), 1.152, hint, mistakes={"that divides once more; undo it": 0.018 / 64})
    mistakes = {
        "right where every batch is full; with 360 samples in batches of 256 there are two, not 360 / 256": 0.005 * 256,
        "the short last batch is a batch, too: round up": 0.005 * 360,
    }
    expect_close(call(answer, 0.005, 360, 256), 0.9, hint, mistakes=mistakes)


def squashed(answer: Any) -> None:
    """Expect ln(1 + (C - 1) exp(-2 b))."""
    classes, bound = 10, 1.5
    mistakes = {
        "the other logits can go down to -bound, not only to 0: the lead is twice the bound": math.log(
            1 + 9 * math.exp(-1.5)
        ),
        "all classes but the right one compete: C - 1 of them, not C": math.log(1 + 10 * math.exp(-3)),
        "all wrong classes count, not only one": math.log(1 + math.exp(-3)),
        "that is the most a sample can cost; look for the least": math.log(1 + 9 * math.exp(3)),
    }
    hint = "put the right logit at +bound and all others at -bound, and write out log-sum-exp less the right logit"
    expect_close(call(answer, classes, bound), math.log(1 + 9 * math.exp(-3)), hint, mistakes=mistakes)
    expect_close(call(answer, 3, 0.5), math.log(1 + 2 * math.exp(-1)), hint)


def log_sigmoid(answer: Any) -> None:
    """Expect ln sigma(z) without overflow, in value and gradient."""
    z = torch.tensor([-2.0, 0.5, 3.0])
    mistakes = {
        "that is sigma(z); its logarithm is asked for": torch.sigmoid(z),
        "the sign of z is the wrong way round: that is ln(1 - sigma(z))": F.logsigmoid(-z),
        "the sign is the wrong way round: that is -ln sigma(z)": -F.logsigmoid(z),
    }
    hint = "ln sigma(z) = -ln(1 + exp(-z)) is asked for"
    expect_close(call(answer, z), F.logsigmoid(z), hint, mistakes=mistakes)
    z = torch.tensor([-1e4, -200.0, -1.0, 1.0, 200.0, 1e4], requires_grad=True)
    value = call(answer, z)
    if not torch.isfinite(value).all():
        raise AnswerError("right for small z, but infinite or nan at |z| = 200: keep every exponent at or below 0")
    expect_close(value.detach(), F.logsigmoid(z.detach()), "right for small z, but not for large |z|")
    if not value.requires_grad:
        raise AnswerError("the value is right, but no gradient flows: stay with tensor operations on z")
    (gradient,) = torch.autograd.grad(value.sum(), z)
    wanted = torch.sigmoid(-z.detach())
    expect_close(gradient, wanted, "the value is right, but the gradient is not sigma(-z) at large |z|")
    zero = torch.zeros(1, requires_grad=True)
    (gradient,) = torch.autograd.grad(call(answer, zero).sum(), zero)
    kink = "right except at z = 0, where the gradient is 1/2: see how clamp, abs and minimum share it out at a tie"
    expect_close(gradient, torch.tensor([0.5]), kink)


def generalised(answer: Any) -> None:
    """Expect the mean of (1 - p_y ** q) / q, from logits."""
    logits = torch.tensor([[2.0, 0.0, -1.0], [0.5, 1.5, 0.0]])
    target = torch.tensor([1, 1])
    p = logits.softmax(dim=1)
    right = p[[0, 1], target]

    def loss(probability: Tensor, q: float) -> Tensor:
        return (1 - probability**q) / q

    mistakes = {
        "divide by q, as the formula does": (1 - right**0.5).mean(),
        "take the mean over the batch, not the sum": loss(right, 0.5).sum(),
        "take the right class's probability only: this averages over all classes": loss(p, 0.5).mean(),
        "that is cross-entropy: q has no part in it": F.cross_entropy(logits, target),
    }
    hint = "take the softmax of the logits, the probability of the target, and the mean of (1 - p ** q) / q"
    got = call(answer, logits, target, 0.5)
    if isinstance(got, Tensor) and got.shape == target.shape:
        raise AnswerError("take the mean over the batch: a single number is asked for, not one loss a sample")
    expect_close(got, loss(right, 0.5).mean(), hint, mistakes=mistakes)
    expect_close(call(answer, logits, target, 1.0), 1 - right.mean(), hint)
    leaf = torch.tensor([[0.0, 300.0, 0.0]], requires_grad=True)
    value = call(answer, leaf, torch.tensor([0]), 0.5)
    if not isinstance(value, Tensor) or not value.requires_grad:
        raise AnswerError("the value is right, but no gradient flows: return a tensor computed from the logits")
    (gradient,) = torch.autograd.grad(value, leaf)
    if not (torch.isfinite(value) and torch.isfinite(gradient).all()):
        raise AnswerError("right for small logits, but nan at 300: take ln p by log-sum-exp, and p ** q as exp(q ln p)")


CHECKS: dict[str, Checker] = {
    "constant": constant,
    "printed": printed,
    "squashed": squashed,
    "log-sigmoid": log_sigmoid,
    "generalised": generalised,
}
