"""The checks of the chapter on stuck models: right answers pass, and a wrong one is told what speaks against it."""

import math

import pytest
import torch
from torch.nn import functional as F

from unstuck import check, evaluate
from unstuck.exercises import AnswerError, suspects
from unstuck.exercises.stuck_model import CHECKS
from unstuck.exercises.suspects import CANDIDATES, suspect


def floor(logits, y):
    silent = (logits == 0).all(0)
    return silent[y].float().mean() * math.log(logits.shape[1])


RIGHT = {
    "floor": floor,
    "first": "reshape_scrambles_data",
    "second": "missing_zero_grad",
    "third": "wrong_train_eval_mode",
}
SUSPECTS = ("first", "second", "third")


def test_every_exercise_has_a_right_answer_here():
    assert RIGHT.keys() == CHECKS.keys()


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_answer_passes(name):
    assert check(f"stuck_model.{name}", RIGHT[name]) == f"stuck_model.{name}: right."


def test_a_cause_may_be_written_as_one_speaks():
    check("stuck_model.second", "Missing zero_grad ")


def test_the_floor_is_what_training_the_other_outputs_comes_down_to():
    """Logits of their own for every sample, trained as far as they go; two of four classes are silent."""
    y = torch.tensor([0, 1, 2, 3, 3, 3, 0, 1])
    free = torch.rand(8, 4, generator=torch.Generator().manual_seed(0)).requires_grad_()
    heard = torch.tensor([1.0, 0.0, 1.0, 0.0])
    optimizer = torch.optim.Adam([free], lr=0.5)
    for _ in range(400):
        optimizer.zero_grad()
        loss = F.cross_entropy(free.relu() * heard, y)
        loss.backward()
        optimizer.step()
    assert loss.item() == pytest.approx(floor(free.detach().relu() * heard, y).item(), rel=1e-3)


WRONG_FLOORS = [
    (lambda z, y: floor(z, y) / math.log(z.shape[1]), "costs ln C"),
    (lambda z, y: (z == 0).all(0).float().mean() * math.log(z.shape[1]), "not classes"),
    (lambda z, y: (z == 0).float().mean() * math.log(z.shape[1]), "not all zeros"),
    (lambda z, y: (z == 0).any(0)[y].float().mean() * math.log(z.shape[1]), "alive"),
    (F.cross_entropy, "cost now"),
    (lambda z, y: (z == 0).all(0)[y].float().mean() * math.log(max(int((z == 0).all(0).sum()), 1)), "take part"),
    (lambda z, y: 0.0, "silent class"),
    (None, "hand over the function"),
]


@pytest.mark.parametrize(("answer", "message"), WRONG_FLOORS, ids=[message for _, message in WRONG_FLOORS])
def test_a_wrong_floor_is_told_why(answer, message):
    with pytest.raises(AnswerError, match=message):
        check("stuck_model.floor", answer)


WRONG_CAUSES = [
    ("first", "overfitting", r"gets \d+% out of fold, a guess"),
    ("first", "labels_misaligned", "Draw the first ten"),
    ("first", "train_test_preprocessing_mismatch", "both splits are alike"),
    ("first", "lr_too_high", "`evaluate` .*the print is right"),
    ("second", "lr_too_high", r"falls to 0\.\d+ and climbs to \d+\.\d+ all the same"),
    ("second", "momentum_too_high", "the optimizer's is 0"),
    ("second", "missing_optimizer_step", r"moves the weights by \d+\.\d+%"),
    ("second", "label_noise", r"gets 9\d% out of fold"),
    ("third", "metric_wrong", "a good find"),
    ("third", "under_capacity", r"the log says 8\d% on test images, and `evaluate` on the same model 9\d%"),
    ("third", "lr_too_low", "in their order"),
]


@pytest.mark.parametrize(("name", "cause", "message"), WRONG_CAUSES)
def test_a_wrong_cause_is_told_what_speaks_against_it(name, cause, message):
    with pytest.raises(AnswerError, match=message):
        check(f"stuck_model.{name}", cause)


@pytest.mark.parametrize("name", SUSPECTS)
@pytest.mark.parametrize(("garbage", "message"), [(None, "as a string"), ("bad luck", "none of the candidates")])
def test_what_names_no_cause_is_answered_with_the_candidates(name, garbage, message):
    with pytest.raises(AnswerError, match=f"{message}.*missing_zero_grad"):
        check(f"stuck_model.{name}", garbage)


@pytest.mark.parametrize("name", SUSPECTS)
def test_every_wrong_candidate_is_refuted(name):
    for cause in CANDIDATES:
        if cause != RIGHT[name]:
            with pytest.raises(AnswerError, match=f"^not {cause}"):
                check(f"stuck_model.{name}", cause)


def test_a_suspect_is_the_same_in_every_call_whatever_was_done_to_it_and_to_the_random_state():
    one = suspect("third")
    one.step(one.model, one.optimizer, *one.train)
    before = torch.get_rng_state()
    suspects._ended.cache_clear()
    other = suspect("third")
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(7)
    suspects._ended.cache_clear()
    third = suspect("third")
    assert one.log.equals(third.log)
    assert all(torch.equal(a, b) for a, b in zip(other.model.parameters(), third.model.parameters(), strict=True))
    assert not torch.equal(one.model[1].weight, third.model[1].weight)


def test_there_are_three_suspects():
    with pytest.raises(KeyError, match="there are first, second, third"):
        suspect("fourth")


# What a reader can find out about each


def test_the_first_learns_by_heart_and_has_images_whose_pixels_are_of_many():
    run = suspect("first")
    assert run.log.train_accuracy.iloc[-1] > 0.5
    assert run.log.test_accuracy.iloc[-1] < 0.2
    constant = (run.train.x.flatten(1).amax(1) == run.train.x.flatten(1).amin(1)).sum()
    assert constant > 10  # a corner of so many digits, blank


def test_the_second_has_a_gradient_of_two_batches_after_two_steps():
    run = suspect("second")
    x, y = run.train.x[:50], run.train.y[:50]
    model, optimizer = run.start()
    run.step(model, optimizer, x, y)
    first = model[-1].weight.grad.clone()
    fresh = torch.autograd.grad(F.cross_entropy(model(x), y), model[-1].weight)[0]
    run.step(model, optimizer, x, y)
    torch.testing.assert_close(model[-1].weight.grad, first + fresh)
    best, last = run.log.test_accuracy.max(), run.log.test_accuracy.iloc[-1]
    assert best > 0.85
    assert last < best - 0.15  # by how much it unlearns hangs on how a processor rounds


def test_the_third_is_measured_in_training_mode():
    run = suspect("third")
    assert run.model.training
    assert run.log.test_accuracy.iloc[-1] < evaluate(run.model, run.test.batches())["accuracy"] - 0.05
    assert abs(run.log.test_accuracy.iloc[-1] - run.log.train_accuracy.iloc[-1]) < 0.1
