"""The checks of the chapter on learning-rate decay: right answers pass, typical mistakes are named."""

import math

import pytest

from unstuck import check
from unstuck.exercises import AnswerError
from unstuck.exercises.learning_rate_decay import CHECKS
from unstuck.schedules import cosine, exponential, polynomial, warmup


def reach(schedule, steps):
    return sum(schedule(step) for step in range(steps))


def best_rate(square, curvature, noise):
    return curvature * square / (curvature**2 * square + noise)


def per_epoch(schedule, batches):
    return lambda step: schedule(step // batches)


def warm_cosine(warm, steps):
    return warmup(warm, cosine(steps - warm))


def falling(highest, schedule):
    return [highest * schedule(step) for step in range(200)]


RIGHT = {
    "reach": reach,
    "greedy": best_rate,
    "per_epoch": per_epoch,
    "warm_cosine": warm_cosine,
    "own": falling(1.95, cosine(200)),
}


def test_every_exercise_has_a_right_answer_here():
    assert RIGHT.keys() == CHECKS.keys()


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_answer_passes(name):
    assert check(f"learning_rate_decay.{name}", RIGHT[name]) == f"learning_rate_decay.{name}: right."


def test_the_best_rate_leaves_less_than_its_neighbours():
    def left(lr, square=2.0, curvature=0.5, noise=3.0):
        return (1 - lr * curvature) ** 2 * square + lr**2 * noise

    best = best_rate(2.0, 0.5, 3.0)
    assert left(best) < min(left(0.99 * best), left(1.01 * best))


def test_another_shape_that_is_good_enough_passes_too():
    check("learning_rate_decay.own", falling(1.95, polynomial(200)))
    check("learning_rate_decay.own", [1.9] * 150 + [0.5] * 30 + [0.15] * 20)


def warm_factors(warm, steps, after, climb=lambda step, warm: step / warm):
    return lambda step: climb(step, warm) if step < warm else after(step, warm, steps)


def half_cosine(share):
    return (1 + math.cos(math.pi * share)) / 2


WRONG = [
    ("reach", lambda g, n: sum(g(t) for t in range(n + 1)), "one update too many"),
    ("reach", lambda g, n: sum(g(t) for t in range(1, n + 1)), "taken when none has been"),
    ("reach", lambda g, n: sum(g(t) for t in range(1, n)), "is missing"),
    ("reach", lambda g, n: reach(g, n) / n, "mean factor"),
    ("reach", lambda g, n: g(n - 1), "last factor"),
    ("reach", lambda g, n: n, "add up the factors"),
    ("greedy", lambda v, c, n: 1 / c, "without noise"),
    ("greedy", lambda v, c, n: best_rate(v, c, n**2), "not squared again"),
    ("greedy", lambda v, c, n: best_rate(v, c, n**0.5), "no root"),
    ("greedy", lambda v, c, n: v / (c**2 * v + n), "a factor λ is missing above"),
    ("greedy", lambda v, c, n: c * v / (c * v + n), "below stands"),
    ("greedy", lambda v, c, n: v * n / (c**2 * v + n), "next mean square"),
    ("greedy", lambda v, c, n: best_rate(v**2, c, n), "square is V already"),
    ("greedy", lambda v, c, n: 0.1, "derivative"),
    ("per_epoch", lambda g, n: g, "too fast"),
    ("per_epoch", lambda g, n: lambda t: g(t / n), "without remainder"),
    ("per_epoch", lambda g, n: lambda t: g(t * n), "wrong way"),
    ("per_epoch", lambda g, n: lambda t: g((t + 1) // n), "still belongs to it"),
    ("per_epoch", lambda g, n: lambda t: g(t // n + 1), "number 0"),
    ("per_epoch", lambda g, n: lambda t: 1.0, "the next 4"),
    ("per_epoch", lambda g, n: 1.0, "return a function of the step"),
    ("per_epoch", lambda g, n: lambda t: "fast", "a number"),
    ("warm_cosine", lambda w, n: warm_factors(w, n, lambda t, w, n: half_cosine(t / n)), "own clock"),
    ("warm_cosine", lambda w, n: warm_factors(w, n, lambda t, w, n: half_cosine((t - w) / n)), "never gets to 0"),
    (
        "warm_cosine",
        lambda w, n: warm_factors(w, n, lambda t, w, n: half_cosine((t - w) / (n - w)), lambda t, w: (t + 1) / w),
        "before the first update",
    ),
    (
        "warm_cosine",
        lambda w, n: warm_factors(w, n, lambda t, w, n: math.cos(math.pi * (t - w) / (n - w))),
        "shift and halve",
    ),
    ("warm_cosine", lambda w, n: warmup(w, polynomial(n - w)), "straight line down"),
    ("warm_cosine", lambda w, n: cosine(n), "must give 0 at step 0"),
    ("warm_cosine", lambda w, n: 1.0, "return a schedule"),
    ("own", [0.4] * 200, "no constant rate"),
    ("own", falling(1.0, exponential(0.01 ** (1 / 200))), "more reach"),
    ("own", falling(1.9, polynomial(200, power=0.1)), "come down further"),
    ("own", [2.5] * 200, "above 2/λmax"),
    ("own", [100.0, *[1e160] * 199], "above 2/λmax"),
    ("own", [1.0] * 100, "200 rates"),
    ("own", [-1.0] * 200, "at least 0"),
    ("own", [float("nan")] * 200, "finite"),
]


@pytest.mark.parametrize(("name", "answer", "message"), WRONG, ids=[f"{n}: {m}" for n, _, m in WRONG])
def test_a_wrong_answer_is_told_why(name, answer, message):
    with pytest.raises(AnswerError, match=message):
        check(f"learning_rate_decay.{name}", answer)


def broken(*_):
    raise RuntimeError("no idea")


@pytest.mark.parametrize("name", RIGHT)
@pytest.mark.parametrize("garbage", [None, "a guess", broken])
def test_garbage_gets_a_clear_error(name, garbage):
    message = "raised RuntimeError" if garbage is broken and name != "own" else "hand over"
    with pytest.raises(AnswerError, match=message):
        check(f"learning_rate_decay.{name}", garbage)
