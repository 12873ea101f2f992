"""The checks of the chapter on data: right answers pass, typical mistakes are named."""

import pytest
import torch

from unstuck import check
from unstuck.exercises import AnswerError
from unstuck.exercises.data import CHECKS


def standardised(train, test):
    mean, std = train.mean(0), train.std(0)
    std = torch.where(std == 0, 1, std)
    return (train - mean) / std, (test - mean) / std


def leaked(train, test):
    known = {row.numpy().tobytes() for row in train}
    return [index for index, row in enumerate(test) if row.numpy().tobytes() in known]


def adjusted(logits, shares, goal):
    return logits + goal.log() - shares.log()


def erased(x, size, fill, alike=False, inside=True):
    batch, _, height, width = x.shape
    draws = 1 if alike else batch
    spare = size - 1 if inside else 0
    top = torch.randint(height - spare, (draws, 1, 1))
    left = torch.randint(width - spare, (draws, 1, 1))
    row, column = torch.arange(height).reshape(1, -1, 1), torch.arange(width).reshape(1, 1, -1)
    gone = (row >= top) & (row < top + size) & (column >= left) & (column < left + size)
    return torch.where(gone.unsqueeze(1), fill, x)


RIGHT = {"standardised": standardised, "leaked": leaked, "adjusted": adjusted, "erased": erased}


def test_every_exercise_has_a_right_answer_here():
    assert RIGHT.keys() == CHECKS.keys()


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_answer_passes(name):
    assert check(f"data.{name}", RIGHT[name]) == f"data.{name}: right."


def test_either_estimate_of_a_standard_deviation_will_do():
    def biased(train, test):
        mean, std = train.mean(0), train.std(0, correction=0)
        std = torch.where(std == 0, 1, std)
        return (train - mean) / std, (test - mean) / std

    check("data.standardised", biased)


def test_logits_are_right_whatever_is_added_to_all_of_a_sample():
    check("data.adjusted", lambda logits, shares, goal: adjusted(logits, shares, goal).log_softmax(1))
    check("data.adjusted", lambda logits, shares, goal: (logits.softmax(1) * goal / shares).log())


def test_the_adjusted_logits_are_bayes_rule():
    """Two Gaussians of unit width at 0 and 2, whose classes have other shares than in training."""
    x = torch.linspace(-2, 4, 25, dtype=torch.float64)
    density = torch.stack([torch.exp(-0.5 * x.square()), torch.exp(-0.5 * (x - 2).square())], dim=1)
    seen, goal = torch.tensor([0.9, 0.1], dtype=torch.float64), torch.tensor([0.3, 0.7], dtype=torch.float64)
    joint = density * goal
    belief = adjusted((density * seen).log(), seen, goal).softmax(1)
    torch.testing.assert_close(belief, joint / joint.sum(1, keepdim=True))


def by_sums(train, test):
    known = {row.sum().item() for row in train}
    return [index for index, row in enumerate(test) if row.sum().item() in known and index != 30] + [30]


def nearly(train, test):
    apart = (train.flatten(1).unsqueeze(0) - test.flatten(1).unsqueeze(1)).abs().amax(2).amin(1)
    return (apart < 1e-2).nonzero()[:, 0]


def repeated(train, test):
    seen, rows = {row.numpy().tobytes() for row in train}, []
    for index, row in enumerate(test):
        if row.numpy().tobytes() in seen:
            rows.append(index)
        seen.add(row.numpy().tobytes())
    return rows


def own_statistics(train, test):
    return standardised(train, train)[0], standardised(test, test)[0]


def of_everything(train, test):
    both = torch.cat([train, test])
    return standardised(both, train)[1], standardised(both, test)[1]


def undead(train, test):
    return tuple((x - train.mean(0)) / train.std(0) for x in (train, test))


WRONG = [
    ("standardised", own_statistics, "by their own statistics"),
    ("standardised", of_everything, "training split's alone"),
    ("standardised", undead, "never varies"),
    ("standardised", lambda a, b: ((a - a.mean()) / a.std(), (b - a.mean()) / a.std()), "one mean and one deviation"),
    ("standardised", lambda a, b: ((a - a.mean(0)) / a.var(0), b), "not by the variance"),
    ("standardised", lambda a, b: (a - a.mean(0), b - a.mean(0)), "left to divide by"),
    ("standardised", lambda a, b: (standardised(a, b)[0], b), "came back as they were"),
    (
        "standardised",
        lambda a, b: tuple((x - x.mean(1, keepdim=True)) / x.std(1, keepdim=True) for x in (a, b)),
        "of each sample",
    ),
    ("standardised", lambda a, b: standardised(a, b)[0], "return two tensors"),
    ("standardised", lambda a, b: (0 * a, b), "mean 0 and standard deviation 1"),
    ("standardised", lambda a, b: (standardised(a, b)[0], 0 * b), "the very transform"),
    ("leaked", lambda train, test: leaked(test, train), "rows of the training split"),
    ("leaked", by_sums, "another order"),
    ("leaked", nearly, "compare exactly"),
    ("leaked", repeated, "row 25 is a copy"),
    ("leaked", lambda train, test: [3, 17], r"got \[3, 17\]"),
    ("leaked", lambda train, test: list(range(40)), "40 of 40"),
    ("leaked", lambda train, test: [31, 17, 3], "rising order"),
    ("leaked", lambda train, test: [3, 3, 17, 31], "every row once"),
    ("leaked", lambda train, test: 3, "as a list"),
    ("adjusted", lambda z, s, q: z - q.log() + s.log(), "other way round"),
    ("adjusted", lambda z, s, q: z + q.log(), "still in the logits"),
    ("adjusted", lambda z, s, q: z - s.log(), "new shares are missing"),
    ("adjusted", lambda z, s, q: z * q / s, "multiply probabilities"),
    ("adjusted", lambda z, s, q: z + q - s, "not the shares"),
    ("adjusted", lambda z, s, q: z, "Bayes"),
    ("adjusted", lambda z, s, q: z.argmax(1), "return logits"),
    ("erased", lambda x, size, fill: erased(x, size, fill, alike=True), "a draw of its own"),
    ("erased", lambda x, size, fill: erased(x, size, fill, inside=False), "all inside the image"),
    ("erased", lambda x, size, fill: erased(x, size, 0.0), "value `fill`"),
    ("erased", lambda x, size, fill: erased(x, size + 1, fill), "has lost 9"),
    ("erased", lambda x, size, fill: x, "has lost 0"),
    (
        "erased",
        lambda x, size, fill: torch.cat([erased(x[:, :1], size, fill), erased(x[:, 1:], size, fill)], 1),
        "in all channels",
    ),
    ("erased", lambda x, size, fill: torch.cat([erased(x[..., :5], size, fill), x[..., 5:]], dim=3), "column 4"),
    ("erased", lambda x, size, fill: x[:3], "shape of x"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "answer", "message"), WRONG, ids=[f"{n}: {m}" for n, _, m in WRONG])
def test_a_wrong_answer_is_told_why(name, answer, message):
    with pytest.raises(AnswerError, match=message):
        check(f"data.{name}", answer)


def test_pixels_that_are_no_square_are_told_so():
    def scattered(x, size, fill):
        x = x.clone()
        for image in x:
            rows, columns = torch.randperm(5)[:4], torch.randint(6, (4,))
            image[:, rows, columns] = fill
        return x

    with pytest.raises(AnswerError, match="no square"):
        check("data.erased", scattered)


def test_a_square_that_prefers_a_corner_is_told_so():
    def lazy(x, size, fill):
        corner = x.clone()
        corner[:, :, :size, :size] = fill
        moves = torch.rand(len(x)) < 0.2
        return torch.where(moves.reshape(-1, 1, 1, 1), erased(x, size, fill), corner)

    with pytest.raises(AnswerError, match="not alike"):
        check("data.erased", lazy)


def broken(*_):
    raise RuntimeError("no idea")


@pytest.mark.parametrize("name", RIGHT)
@pytest.mark.parametrize("garbage", [None, "a guess", broken])
def test_garbage_gets_a_clear_error(name, garbage):
    message = "raised RuntimeError" if garbage is broken else "hand over"
    with pytest.raises(AnswerError, match=message):
        check(f"data.{name}", garbage)
