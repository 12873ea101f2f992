"""The checks of the chapter on regularisation: right answers pass, typical mistakes are named."""

import pytest
import torch
from torch.nn import functional as F

from unstuck import check
from unstuck.exercises import AnswerError
from unstuck.exercises.regularisation import CHECKS


def elastic(a, l1, l2):
    return a.sign() * (a.abs() - l1).clamp(min=0) / (1 + l2)


def dropout_penalty(w, x, p):
    return p / (1 - p) * (w * x).square().sum(1).mean()


def stopping(losses, patience):
    best, lowest = 0, float("inf")
    for epoch, loss in enumerate(losses, start=1):
        if loss < lowest:
            best, lowest = epoch, loss
        if epoch - best >= patience:
            break
    return best, epoch


def shifted(x, fill, mode="constant", alike=False, spread=3):
    batch, _, height, width = x.shape
    framed = F.pad(x, (1, 1, 1, 1), mode=mode, **({"value": fill} if mode == "constant" else {}))
    draws = 1 if alike else batch
    rows = torch.randint(spread, (draws, 1, 1)) + torch.arange(height).reshape(1, -1, 1)
    columns = torch.randint(spread, (draws, 1, 1)) + torch.arange(width)
    return framed.movedim(1, -1)[torch.arange(batch).reshape(-1, 1, 1), rows, columns].movedim(-1, 1)


RIGHT = {"elastic": elastic, "dropout": dropout_penalty, "stopping": stopping, "shifted": shifted}


def test_every_exercise_has_a_right_answer_here():
    assert RIGHT.keys() == CHECKS.keys()


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_answer_passes(name):
    assert check(f"regularisation.{name}", RIGHT[name]) == f"regularisation.{name}: right."


def test_the_elastic_weight_minimises_its_objective():
    a, l1, l2 = torch.tensor([-2.0, 0.1, 0.7], dtype=torch.float64), 0.3, 0.5

    def objective(w):
        return 0.5 * (w - a).square() + l1 * w.abs() + l2 / 2 * w.square()

    lowest = objective(elastic(a, l1, l2))
    for other in torch.linspace(-3, 3, 601, dtype=torch.float64):
        assert bool((objective(other) >= lowest - 1e-12).all())


def test_the_penalty_is_what_dropout_adds_on_average():
    generator = torch.Generator().manual_seed(0)
    w, x, y = torch.randn(4, generator=generator), torch.randn(3, 4, generator=generator), torch.ones(3)
    masks = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * 4)  # all sixteen
    p = 0.3
    weights = (0.7 ** masks.sum(1)) * (p ** (4 - masks.sum(1)))
    dropped = torch.stack([((m * x / (1 - p)) @ w - y).square().mean() for m in masks])
    added = (weights * dropped).sum() - (x @ w - y).square().mean()
    assert torch.allclose(added, dropout_penalty(w, x, p), rtol=1e-4)


def without_new_count(losses, patience):
    """Counts every epoch that is worse than the one before it."""
    bad, best = 0, 1
    for epoch, loss in enumerate(losses, start=1):
        if epoch > 1 and loss >= losses[epoch - 2]:
            bad += 1
        if loss < losses[best - 1]:
            best = epoch
        if bad >= patience:
            break
    return best, epoch


def ties_are_better(losses, patience):
    best, lowest = 0, float("inf")
    for epoch, loss in enumerate(losses, start=1):
        if loss <= lowest:
            best, lowest = epoch, loss
        if epoch - best >= patience:
            break
    return best, epoch


WRONG = [
    ("elastic", lambda a, l1, l2: a.sign() * (a.abs() - l1) / (1 + l2), "changes its sign"),
    ("elastic", lambda a, l1, l2: (a.abs() - l1).clamp(min=0) / (1 + l2), "sign of a is lost"),
    ("elastic", lambda a, l1, l2: a.sign() * (a.abs() / (1 + l2) - l1).clamp(min=0), "shrinks first"),
    ("elastic", lambda a, l1, l2: a * (a.abs() > l1) / (1 + l2), "cuts small weights off"),
    ("elastic", lambda a, l1, l2: a.sign() * (a.abs() - l1).clamp(min=0), "λ2 is missing"),
    ("elastic", lambda a, l1, l2: a / (1 + l2), "λ1 is missing"),
    ("elastic", lambda a, l1, l2: a.sign() * (a.abs() - l1).clamp(min=0) / (1 + 2 * l2), "carries a half"),
    ("elastic", lambda a, l1, l2: torch.zeros_like(a), "derivative to zero"),
    ("elastic", lambda a, l1, l2: a[0], "shape"),
    ("dropout", lambda w, x, p: p / (1 - p) * (w * x).square().mean(), "only the samples are averaged"),
    ("dropout", lambda w, x, p: p / (1 - p) * (w * x).square().sum(), "not added up"),
    ("dropout", lambda w, x, p: p / (1 - p) * (x @ w).square().mean(), "square each w x"),
    ("dropout", lambda w, x, p: p * (1 - p) * (w * x).square().sum(1).mean(), "variance of the mask alone"),
    ("dropout", lambda w, x, p: (1 - p) / p * (w * x).square().sum(1).mean(), "not to be kept"),
    ("dropout", lambda w, x, p: p / (1 - p) * w.square().sum(), "inputs are in it"),
    ("dropout", lambda w, x, p: (w * x).square().sum(1).mean() / (1 - p), "square of the mean"),
    ("dropout", lambda w, x, p: 0.0, "variance of"),
    ("stopping", lambda losses, n: tuple(epoch - 1 for epoch in stopping(losses, n)), "from 1"),
    ("stopping", lambda losses, n: stopping(losses, n)[::-1], "comes first"),
    ("stopping", lambda losses, n: stopping(losses, n + 1), "three epochs in a row"),
    ("stopping", lambda losses, n: (stopping(losses, n)[1], stopping(losses, n)[1]), "no new minimum"),
    ("stopping", ties_are_better, "equal loss"),
    ("stopping", without_new_count, "no new minimum"),
    ("stopping", lambda losses, n: (losses.index(min(losses)) + 1, len(losses)), "three epochs in a row"),
    ("stopping", lambda losses, n: stopping(losses, n)[0], "return two epochs"),
    ("shifted", lambda x, fill: x, "no image has moved"),
    ("shifted", lambda x, fill: shifted(x, fill, alike=True), "a draw of its own"),
    ("shifted", lambda x, fill: shifted(x, fill, mode="circular"), "come back on the other"),
    ("shifted", lambda x, fill: shifted(x, 0.0), "not zero"),
    ("shifted", lambda x, fill: shifted(x, fill, spread=2), "none has moved by"),
    ("shifted", lambda x, fill: shifted(x, fill) + 1, "no shift of what it was"),
    ("shifted", lambda x, fill: x[:3], "shape of x"),
    ("shifted", lambda x, fill: "done", "shape of x"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "answer", "message"), WRONG, ids=[f"{n}: {m}" for n, _, m in WRONG])
def test_a_wrong_answer_is_told_why(name, answer, message):
    with pytest.raises(AnswerError, match=message):
        check(f"regularisation.{name}", answer)


def test_a_shift_that_prefers_to_stay_is_told_so():
    def lazy(x, fill):
        moves = torch.rand(len(x)) < 0.3
        return torch.where(moves.reshape(-1, 1, 1, 1), shifted(x, fill), x)

    with pytest.raises(AnswerError, match="not alike"):
        check("regularisation.shifted", lazy)


def broken(*_):
    raise RuntimeError("no idea")


@pytest.mark.parametrize("name", RIGHT)
@pytest.mark.parametrize("garbage", [None, "a guess", broken])
def test_garbage_gets_a_clear_error(name, garbage):
    message = "raised RuntimeError" if garbage is broken else "hand over"
    with pytest.raises(AnswerError, match=message):
        check(f"regularisation.{name}", garbage)
