"""Checks for the exercises of the chapter ``book/data.md``."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from unstuck.exercises.answers import AnswerError, Checker, call, expect_close

__all__ = ["CHECKS"]


def _standardised(answer: Any) -> None:
    generator = torch.Generator().manual_seed(0)
    scale, centre = torch.tensor([1.0, 20.0, 0.1]), torch.tensor([3.0, -50.0, 0.0])
    train = centre + scale * torch.randn(500, 3, generator=generator)
    test = centre + 1 + 2 * scale * torch.randn(400, 3, generator=generator)
    _compare_standardised(answer, train, test)
    constant = torch.full((500, 1), 7.0)
    dead = torch.cat([train, constant], dim=1), torch.cat([test, constant[:400]], dim=1)
    _compare_standardised(answer, *dead)


def _compare_standardised(answer: Any, train: Tensor, test: Tensor) -> None:
    try:
        got_train, got_test = call(answer, train.clone(), test.clone())
    except (TypeError, ValueError):
        raise AnswerError("return two tensors: the training inputs and the test inputs") from None
    for got in (got_train, got_test):
        if isinstance(got, Tensor) and not got.isfinite().all():
            raise AnswerError("a column that never varies gives NaN or infinity: its standard deviation is 0")

    def by(mean: Tensor, std: Tensor, x: Tensor) -> Tensor:
        return (x - mean) / torch.where(std == 0, 1, std)

    both = torch.cat([train, test])
    mean, std = train.mean(0), train.std(0)
    # The two common estimates of a standard deviation differ by a tenth of a per cent here: either will do.
    expect_close(
        got_train,
        by(mean, std, train),
        "every column of the training inputs must come out with mean 0 and standard deviation 1",
        mistakes={
            "one mean and one deviation for all numbers leave the columns as unlike as they were": by(
                train.mean(), train.std(), train
            ),
            "the statistics are the training split's alone: the test split must not be known yet": by(
                both.mean(0), both.std(0), train
            ),
            "divide by the standard deviation, not by the variance": by(mean, std.square(), train),
            "that takes the mean and the deviation of each sample; each column needs its own": by(
                train.mean(1, keepdim=True), train.std(1, keepdim=True), train
            ),
            "the mean is right; the standard deviation is left to divide by": train - mean,
        },
        rtol=5e-3,
    )
    expect_close(
        got_test,
        by(mean, std, test),
        "the test inputs must go through the very transform of the training inputs",
        mistakes={
            "the test inputs were standardised by their own statistics: use the training split's": by(
                test.mean(0), test.std(0), test
            ),
            "the test inputs came back as they were": test,
        },
        rtol=5e-3,
    )


def _leaked(answer: Any) -> None:
    generator = torch.Generator().manual_seed(0)
    train = torch.randint(0, 4, (60, 1, 3, 3), generator=generator).float()
    test = torch.randint(0, 4, (40, 1, 3, 3), generator=generator).float() + 0.25
    test[[3, 17, 31]] = train[[8, 40, 2]]
    test[25] = test[24]  # twice in the test split, but never trained on
    test[30] = train[5].flip(-1)  # the same pixels in another order
    test[9] = train[11]
    test[9, 0, 1, 1] += 1e-3
    got = call(answer, train.clone(), test.clone())
    try:
        rows = [int(row) for row in got]
    except (TypeError, ValueError):
        raise AnswerError(f"return the numbers of the rows, as a list; got {got!r}") from None
    hints = {
        (2, 8, 40): "those are rows of the training split: the rows of the test split are asked for",
        (3, 17, 30, 31): "row 30 holds the pixels of a training image in another order: compare them place by place",
        (3, 9, 17, 31): "row 9 differs from a training image by a little, and is no copy: compare exactly",
        (3, 17, 24, 25, 31): "rows 24 and 25 are copies of each other, but neither is in the training split",
        (3, 17, 25, 31): "row 25 is a copy of row 24, but neither is in the training split",
    }
    found = tuple(sorted(set(rows)))
    if found in hints:
        raise AnswerError(hints[found])
    if found != (3, 17, 31):
        raise AnswerError(
            f"three test images, in rows 3, 17 and 31, are copies of training images; got {list(found)}"
            if len(found) < 20
            else f"{len(found)} of 40 test images are said to be copies of training images, where three are"
        )
    if rows != [3, 17, 31]:
        raise AnswerError(f"name every row once, in rising order; got {rows}")


def _adjusted(answer: Any) -> None:
    generator = torch.Generator().manual_seed(0)
    logits = 2 * torch.randn(30, 4, generator=generator)
    seen, due = torch.tensor([0.7, 0.2, 0.06, 0.04]), torch.tensor([0.1, 0.2, 0.3, 0.4])
    for shares, goal in ((seen, due), (due, seen), (seen, torch.full((4,), 0.25))):
        got = call(answer, logits.clone(), shares, goal)
        if not isinstance(got, Tensor) or got.shape != logits.shape:
            raise AnswerError(f"return logits, shape {tuple(logits.shape)}; got {getattr(got, 'shape', got)!r}")
        expect_close(
            got.log_softmax(1),
            (logits + goal.log() - shares.log()).log_softmax(1),
            "by Bayes' rule the belief in a class is the likelihood times its share, so exchange the one share for the "
            "other",
            mistakes={
                "the other way round: take the share that was seen off, and put the new one on": (
                    logits - goal.log() + shares.log()
                ).log_softmax(1),
                "the shares that were seen are still in the logits": (logits + goal.log()).log_softmax(1),
                "the new shares are missing: right only if all classes are to be alike": (
                    logits - shares.log()
                ).log_softmax(1),
                "shares multiply probabilities; to logits their logarithms are added": (
                    logits * goal / shares
                ).log_softmax(1),
                "to logits add logarithms of the shares, not the shares": (logits + goal - shares).log_softmax(1),
            },
        )


def _erased(answer: Any) -> None:
    generator = torch.Generator().manual_seed(0)
    x = 1 + torch.rand(600, 2, 5, 6, generator=generator)
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        got = call(answer, x.clone(), 2, -7.0)
    if not isinstance(got, Tensor) or got.shape != x.shape:
        raise AnswerError(f"return a tensor of the shape of x, {tuple(x.shape)}; got {getattr(got, 'shape', got)!r}")
    changed = got != x
    if (gone := changed & (got != -7.0)).any():
        value = got[gone][0].item()
        raise AnswerError(
            f"what is erased has the value `fill`, and all else stays as it was: a pixel became {value:.3g}"
        )
    if (changed.any(1) != changed.all(1)).any():
        raise AnswerError("erase the square in all channels of an image alike")
    area = changed[:, 0].flatten(1).sum(1)
    if not (area == 4).all():
        raise AnswerError(
            "a square of side 2 has 4 pixels, all inside the image; one of the images has lost "
            f"{int(area[area != 4][0])}"
        )
    rows, columns = changed[:, 0].any(2).float().argmax(1), changed[:, 0].any(1).float().argmax(1)
    places = (6 - 1) * rows + columns
    square = [changed[i, 0, r : r + 2, c : c + 2].all() for i, (r, c) in enumerate(zip(rows, columns, strict=True))]
    if not all(square):
        raise AnswerError("the four pixels of one of the images form no square")
    if (places == places[0]).all():
        raise AnswerError("all images have lost the same square: every image of the batch needs a draw of its own")
    counts = torch.bincount(places, minlength=20)
    if (counts == 0).any():
        place = int((counts == 0).nonzero()[0])
        raise AnswerError(
            f"in 600 images no square has its upper left corner in row {place // 5}, column {place % 5}: every place "
            "that keeps it inside the image is due"
        )
    if counts.min() < 10:
        raise AnswerError(
            f"the twenty places are not alike: of 600 images the rarest has {int(counts.min())}, where about 30 are due"
        )


CHECKS: dict[str, Checker] = {
    "standardised": _standardised,
    "leaked": _leaked,
    "adjusted": _adjusted,
    "erased": _erased,
}
