"""Checks for the exercises of the chapter ``book/regularisation.md``."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from unstuck.exercises.answers import AnswerError, Checker, call, expect_close

__all__ = ["CHECKS"]


def _elastic(answer: Any) -> None:
    a = torch.tensor([[-3.0, -0.4, -0.1], [0.0, 0.3, 2.0]])
    for l1, l2 in ((0.2, 0.5), (0.0, 1.0), (0.25, 0.0)):
        sign, size = a.sign(), (a.abs() - l1).clamp(min=0)
        expect_close(
            call(answer, a, l1, l2),
            sign * size / (1 + l2),
            "set the derivative to zero for w > 0, mirror it for w < 0, and take 0 where neither has a solution",
            mistakes={
                "a weight that the data want by less than λ1 ends at zero; without the clamp it changes its sign": sign
                * (a.abs() - l1)
                / (1 + l2),
                "the size is right, but the sign of a is lost": size / (1 + l2),
                "that shrinks first and takes λ1 off afterwards; λ1 goes off a before the division": sign
                * (a.abs() / (1 + l2) - l1).clamp(min=0),
                "that cuts small weights off and leaves large ones as they are; the pull of λ1 acts on all": a
                * (a.abs() > l1)
                / (1 + l2),
                "λ2 is missing: the square shrinks what the threshold has left": sign * size,
                "λ1 is missing: it takes λ1 off every weight's size": a / (1 + l2),
                "the penalty carries a half, λ2 / 2 times the square, so its derivative is λ2 w": sign
                * size
                / (1 + 2 * l2),
            },
        )


def _dropout(answer: Any) -> None:
    generator = torch.Generator().manual_seed(0)
    w = torch.randn(6, generator=generator)
    x = torch.randn(20, 6, generator=generator) + 0.5
    for p in (0.2, 0.5, 0.75):
        terms = (w * x).square().sum(1).mean()
        expect_close(
            call(answer, w, x, p),
            p / (1 - p) * terms,
            "it is the variance of Σ m w x / (1 − p) over the masks m, averaged over the samples",
            mistakes={
                "the penalty of a sample adds up over its inputs; only the samples are averaged": p
                / (1 - p)
                * (w * x).square().mean(),
                "the samples are averaged, not added up": p / (1 - p) * (w * x).square().sum(),
                "the inputs are dropped one by one, so square each w x before you add them up": p
                / (1 - p)
                * (x @ w).square().mean(),
                "p (1 − p) is the variance of the mask alone; what is kept is also scaled up by 1 / (1 − p)": p
                * (1 - p)
                * terms,
                "p is the probability to be dropped, not to be kept": (1 - p) / p * terms,
                "the inputs are in it: a weight of a large input is charged more": p / (1 - p) * w.square().sum(),
                "that is the mean of the squares; take the square of the mean off it": terms / (1 - p),
            },
        )


def _stopping(answer: Any) -> None:
    cases = [
        ([3.0, 2.0, 1.0, 1.5, 1.4, 1.3, 0.5], 3, (3, 6), "three epochs in a row have brought no new minimum"),
        ([3.0, 2.0, 1.0, 1.5, 1.4], 3, (3, 5), "the losses end first, and the best is kept all the same"),
        ([2.0, 1.0, 1.5, 0.9, 1.2, 1.1], 2, (4, 6), "a new minimum begins the count anew"),
        ([1.0, 1.0, 1.0, 1.0], 2, (1, 3), "an equal loss is no new minimum"),
        ([3.0, 2.0, 2.5, 2.4, 1.0], 3, (5, 5), "two epochs without a new minimum are not yet three"),
        ([3.0, 2.0, 2.5, 2.4, 2.3, 1.0], 3, (2, 5), "a loss that falls while above the minimum is no new minimum"),
        ([5.0], 1, (1, 1), "one epoch is all there is"),
    ]  # fmt: skip
    for losses, patience, wanted, why in cases:
        got = call(answer, list(losses), patience)
        try:
            kept, last = (int(epoch) for epoch in got)
        except (TypeError, ValueError):
            raise AnswerError(f"return two epochs, the one to keep and the last one run, not {got!r}") from None
        shown = f"stopping({losses}, {patience}) gave {(kept, last)}"
        if (kept + 1, last + 1) == wanted:
            raise AnswerError(f"{shown}: count the epochs from 1")
        if (last, kept) == wanted and kept != last:
            raise AnswerError(f"{shown}: the epoch to keep comes first, then the last one run")
        if (kept, last) != wanted:
            raise AnswerError(f"{shown}, but {why}: {wanted}")


def _shifted(answer: Any) -> None:
    generator = torch.Generator().manual_seed(0)
    x = 1 + torch.rand(400, 2, 5, 6, generator=generator)
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        got = call(answer, x.clone(), -7.0)
    if not isinstance(got, Tensor) or got.shape != x.shape:
        raise AnswerError(f"return a tensor of the shape of x, {tuple(x.shape)}; got {getattr(got, 'shape', got)!r}")
    ways = [(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1)]
    drawn = [_way_of(image, moved, ways) for image, moved in zip(x, got, strict=True)]
    if len(set(drawn)) == 1:
        raise AnswerError(
            "all images have moved the same way: every image of the batch needs a draw of its own"
            if drawn[0] != (0, 0)
            else "no image has moved"
        )
    if missing := set(ways) - set(drawn):
        raise AnswerError(
            f"in 400 images none has moved by {sorted(missing)[0]} (down, right): draw −1, 0 and +1 alike, and each "
            "direction on its own"
        )
    rarest = min(drawn.count(way) for way in ways)
    if rarest < 20:
        raise AnswerError(f"the nine ways are not alike: of 400 images the rarest has {rarest}, where about 44 are due")


def _way_of(image: Tensor, moved: Tensor, ways: list[tuple[int, int]]) -> tuple[int, int]:
    """Return by how much an image has moved, or say what else has happened to it."""
    for way in ways:
        if torch.allclose(moved, _moved(image, *way, fill=-7.0)):
            return way
    for down, right in ways:
        if torch.allclose(moved, torch.roll(image, (down, right), dims=(1, 2))):
            raise AnswerError("what leaves on one side must not come back on the other: what enters is `fill`")
        if torch.allclose(moved, _moved(image, down, right, fill=0.0)):
            raise AnswerError("what enters is `fill`, not zero: on normalised images zero is no empty paper")
    raise AnswerError("one of the images is no shift of what it was, by at most one pixel in each direction")


def _moved(image: Tensor, down: int, right: int, fill: float) -> Tensor:
    framed = torch.nn.functional.pad(image, (1, 1, 1, 1), value=fill)
    height, width = image.shape[1:]
    return framed[:, 1 - down : 1 - down + height, 1 - right : 1 - right + width]


CHECKS: dict[str, Checker] = {
    "elastic": _elastic,
    "dropout": _dropout,
    "stopping": _stopping,
    "shifted": _shifted,
}
