"""The checks of the chapter on Adam: right answers pass, typical mistakes are named."""

import math

import pytest
import torch

from unstuck import check
from unstuck.exercises import AnswerError
from unstuck.exercises.adam import CHECKS


def startup_factor(t, beta1, beta2):
    return (1 - beta1**t) / math.sqrt(1 - beta2**t)


def adam_step(w, g, m, v, t, lr, beta1, beta2, eps):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    return w - lr * m / (1 - beta1**t) / ((v / (1 - beta2**t)) ** 0.5 + eps), m, v


def noise_step(beta1):
    return math.sqrt((1 - beta1) / (1 + beta1))


def name_the_slip(first, tenth):
    for name, sign in (
        ("epsilon in the root", 0.707),
        ("no correction", 3.16),
        ("corrected twice", 0.316),
    ):
        if abs(first / sign - 1) < 0.05:
            return name
    if first > 100:
        return "no root"
    return "sound" if tenth > 0.5 else "correction kept"


BURST = [0.0] * 10_000 + [(0.999 / 0.9) ** k for k in range(60)]

RIGHT = {"startup": startup_factor, "step": adam_step, "noise": noise_step, "slip": name_the_slip, "burst": BURST}


def test_every_exercise_has_a_right_answer_here():
    assert RIGHT.keys() == CHECKS.keys()


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_answer_passes(name):
    assert check(f"adam.{name}", RIGHT[name]) == f"adam.{name}: right."


def test_the_asked_for_step_is_pytorchs():
    w = torch.nn.Parameter(torch.tensor(0.5, dtype=torch.float64))
    optimizer = torch.optim.Adam([w], lr=0.1, betas=(0.8, 0.95), eps=1e-2)
    ours, m, v = 0.5, 0.0, 0.0
    for t, g in enumerate((0.3, -0.1, 0.02, 0.5, 0.5), start=1):
        w.grad = torch.tensor(g, dtype=torch.float64)
        optimizer.step()
        ours, m, v = adam_step(ours, g, m, v, t, 0.1, 0.8, 0.95, 1e-2)
        assert ours == pytest.approx(w.item(), rel=1e-12)


def test_noise_makes_steps_of_the_asked_for_length():
    generator = torch.Generator().manual_seed(0)
    m = torch.zeros(20_000, dtype=torch.float64)
    for _ in range(100):
        m = 0.8 * m + 0.2 * torch.randn(20_000, generator=generator, dtype=torch.float64)
    assert m.square().mean().sqrt() == pytest.approx(noise_step(0.8), rel=0.03)


def faulty(change):
    """Adam's step with a piece of its last line replaced."""

    def step(w, g, m, v, t, lr, beta1, beta2, eps):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        return change(w, g, m, v, t, lr, beta1, beta2, eps)

    return step


def hats(m, v, t, beta1, beta2):
    return m / (1 - beta1**t), v / (1 - beta2**t)


def inside(w, g, m, v, t, lr, b1, b2, eps):
    mh, vh = hats(m, v, t, b1, b2)
    return w - lr * mh / (vh + eps) ** 0.5, m, v


def rootless(w, g, m, v, t, lr, b1, b2, eps):
    mh, vh = hats(m, v, t, b1, b2)
    return w - lr * mh / (vh + eps), m, v


def missing(w, g, m, v, t, lr, b1, b2, eps):
    return w - lr * m / (v**0.5 + eps), m, v


def twice(w, g, m, v, t, lr, b1, b2, eps):
    mh, vh = hats(*hats(m, v, t, b1, b2), t, b1, b2)
    return w - lr * mh / (vh**0.5 + eps), m, v


def kept(w, g, m, v, t, lr, b1, b2, eps):
    mh, vh = hats(m, v, t, b1, b2)
    return w - lr * mh / (vh**0.5 + eps), mh, vh


def late(w, g, m, v, t, lr, b1, b2, eps):
    mh, vh = hats(m, v, t + 1, b1, b2)
    return w - lr * mh / (vh**0.5 + eps), m, v


def unscaled(w, g, m, v, t, lr, b1, b2, eps):
    return w - lr * hats(m, v, t, b1, b2)[0], m, v


def climbs(w, g, m, v, t, lr, b1, b2, eps):
    mh, vh = hats(m, v, t, b1, b2)
    return w + lr * mh / (vh**0.5 + eps), m, v


def swapped(w, g, m, v, t, lr, beta1, beta2, eps):
    m = beta2 * m + (1 - beta2) * g
    v = beta1 * v + (1 - beta1) * g**2
    mh, vh = hats(m, v, t, beta1, beta2)
    return w - lr * mh / (vh**0.5 + eps), m, v


WRONG = [
    ("startup", lambda t, b1, b2: 1 / startup_factor(t, b1, b2), "turn it round"),
    ("startup", lambda t, b1, b2: (1 - b1**t) / (1 - b2**t), "divides by its root"),
    ("startup", lambda t, b1, b2: 1 / math.sqrt(1 - b2**t), "too small as well"),
    ("startup", lambda t, b1, b2: startup_factor(1, b1, b2), "very first step"),
    ("startup", lambda t, b1, b2: startup_factor(t + 1, b1, b2), "counted from 1"),
    ("startup", lambda t, b1, b2: 1.0, "constant gradient"),
    ("step", faulty(inside), "inside the root"),
    ("step", faulty(rootless), "root is missing"),
    ("step", faulty(missing), "correction is missing"),
    ("step", faulty(twice), "applied twice"),
    ("step", faulty(kept), "returned corrected"),
    ("step", faulty(late), "one step too many"),
    ("step", faulty(unscaled), "not divided"),
    ("step", faulty(climbs), "climbs"),
    ("step", swapped, "β1 belongs to the average of the gradient"),
    ("step", lambda w, g, m, v, *_: (w, m, v), "is not Adam's"),
    ("step", lambda w, *_: w, "three new values"),
    ("noise", lambda b: (1 - b) / (1 + b), "mean square"),
    ("noise", lambda b: 1.0, "weights' squares"),
    ("noise", lambda b: math.sqrt(1 - b), "equal weight"),
    ("noise", lambda b: 1 - b, "newest gradient"),
    ("noise", lambda b: 0.3, "independent gradients"),
    ("slip", lambda *_: "sound", "1/√2"),
    ("slip", lambda *_: "wrong", "return one of"),
    ("slip", lambda f, t: "sound" if abs(f - 1) < 0.05 else name_the_slip(f, t), "by the tenth nothing moves"),
    ("burst", [1.0] * 100, "long silence"),
    ("burst", [0.0] * 10_000 + [1.0], "more than one gradient"),
    ("burst", [0.0] * 300 + [1.11**k for k in range(60)], "thousands of steps"),
    ("burst", [0.0] * 10_000 + [1.0] * 50, "let it grow"),
    ("burst", [0.0] * 10_000 + [1.02**k for k in range(60)], "at which m² / v is largest"),
    ("burst", [[1.0]], "30,000"),
    ("burst", [0.0] * 30_001, "30,000"),
    ("burst", [float("nan")], "finite"),
]


@pytest.mark.parametrize(("name", "answer", "message"), WRONG, ids=[f"{n}: {m}" for n, _, m in WRONG])
def test_a_wrong_answer_is_told_why(name, answer, message):
    with pytest.raises(AnswerError, match=message):
        check(f"adam.{name}", answer)


def broken(*_):
    raise RuntimeError("no idea")


@pytest.mark.parametrize("name", RIGHT)
@pytest.mark.parametrize("garbage", [None, "a guess", broken])
def test_garbage_gets_a_clear_error(name, garbage):
    message = "raised RuntimeError" if garbage is broken and name != "burst" else "hand over"
    with pytest.raises(AnswerError, match=message):
        check(f"adam.{name}", garbage)
