"""The schedules: PyTorch's rates to 1e-12 over hundreds of steps, and the values worked by hand at the seams."""

import math
import random
import warnings
from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch.optim import Optimizer
from torch.optim import lr_scheduler as theirs

from unstuck import schedules as ours
from unstuck.schedules import Schedule

BASE = 0.3
STEPS = 330


def optimizer(lr: float = BASE) -> Optimizer:
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr)


def rates(make: Callable[[Optimizer], theirs.LRScheduler], steps: int = STEPS, lr: float = BASE) -> list[float]:
    """The rate of each of so many updates, as a training loop would see them."""
    stepped = optimizer(lr)
    seen = []
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The epoch parameter", category=UserWarning)  # within SequentialLR
        scheduler = make(stepped)
        for update in range(steps):
            if update:
                scheduler.step()
            seen.append(stepped.param_groups[0]["lr"])
            stepped.step()
    return seen


def after_warmup(
    steps: int, start: float, then: Callable[[Optimizer], theirs.LRScheduler]
) -> Callable[[Optimizer], theirs.LRScheduler]:
    def make(stepped: Optimizer) -> theirs.LRScheduler:
        ramp = theirs.LinearLR(stepped, start_factor=start, total_iters=steps)
        return theirs.SequentialLR(stepped, [ramp, then(stepped)], milestones=[steps])

    return make


def one_cycle(**settings: object) -> Callable[[Optimizer], theirs.LRScheduler]:
    return partial(theirs.OneCycleLR, max_lr=BASE, total_steps=STEPS, cycle_momentum=False, **settings)


def transformer(stepped: Optimizer, warm: int) -> theirs.LambdaLR:
    def paper(step: int) -> float:  # section 5.3, whose steps count from 1, over its highest rate
        number = step + 1
        return min(number**-0.5, number * warm**-1.5) / warm**-0.5

    return theirs.LambdaLR(stepped, paper)


CASES: dict[str, tuple[Schedule, Callable[[Optimizer], theirs.LRScheduler]]] = {
    "constant": (ours.constant(), partial(theirs.ConstantLR, factor=1.0)),
    "step_decay": (ours.step_decay(30), partial(theirs.StepLR, step_size=30)),
    "step_decay each": (ours.step_decay(1, 0.97), partial(theirs.StepLR, step_size=1, gamma=0.97)),
    "step_decay odd": (ours.step_decay(77, 0.5), partial(theirs.StepLR, step_size=77, gamma=0.5)),
    "multi_step": (ours.multi_step([100, 250]), partial(theirs.MultiStepLR, milestones=[100, 250])),
    "multi_step twice": (
        ours.multi_step([200, 1, 80, 80], 0.6),
        partial(theirs.MultiStepLR, milestones=[200, 1, 80, 80], gamma=0.6),
    ),
    "multi_step never": (ours.multi_step([]), partial(theirs.MultiStepLR, milestones=[])),
    "exponential": (ours.exponential(0.98), partial(theirs.ExponentialLR, gamma=0.98)),
    "exponential up": (ours.exponential(1.01), partial(theirs.ExponentialLR, gamma=1.01)),
    "polynomial": (ours.polynomial(300), partial(theirs.PolynomialLR, total_iters=300)),
    "polynomial square": (ours.polynomial(STEPS, 2.0), partial(theirs.PolynomialLR, total_iters=STEPS, power=2.0)),
    "polynomial root": (ours.polynomial(50, 0.5), partial(theirs.PolynomialLR, total_iters=50, power=0.5)),
    "polynomial final": (
        ours.polynomial(200, final=0.2),
        partial(theirs.LinearLR, start_factor=1.0, end_factor=0.2, total_iters=200),
    ),
    "cosine": (ours.cosine(STEPS - 1), partial(theirs.CosineAnnealingLR, T_max=STEPS - 1)),
    "cosine longer": (ours.cosine(1000), partial(theirs.CosineAnnealingLR, T_max=1000)),
    "cosine final": (ours.cosine(400, 0.1), partial(theirs.CosineAnnealingLR, T_max=400, eta_min=0.1 * BASE)),
    "cosine_restarts": (ours.cosine_restarts(50), partial(theirs.CosineAnnealingWarmRestarts, T_0=50)),
    "cosine_restarts growing": (
        ours.cosine_restarts(7, 2, 0.05),
        partial(theirs.CosineAnnealingWarmRestarts, T_0=7, T_mult=2, eta_min=0.05 * BASE),
    ),
    "cosine_restarts from one": (
        ours.cosine_restarts(1, 3),
        partial(theirs.CosineAnnealingWarmRestarts, T_0=1, T_mult=3),
    ),
    "warmup constant": (
        ours.warmup(40, start=0.1),
        partial(theirs.LinearLR, start_factor=0.1, total_iters=40),
    ),
    "warmup cosine": (
        ours.warmup(30, ours.cosine(300), start=0.01),
        after_warmup(30, 0.01, partial(theirs.CosineAnnealingLR, T_max=300)),
    ),
    "warmup step_decay": (
        ours.warmup(11, ours.step_decay(50, 0.3), start=1 / 3),
        after_warmup(11, 1 / 3, partial(theirs.StepLR, step_size=50, gamma=0.3)),
    ),
    "warmup exponential": (
        ours.warmup(1, ours.exponential(0.99), start=0.5),
        after_warmup(1, 0.5, partial(theirs.ExponentialLR, gamma=0.99)),
    ),
    "one_cycle": (ours.one_cycle(STEPS), one_cycle()),
    "one_cycle linear": (
        ours.one_cycle(STEPS, 0.25, 10, 100, anneal="linear"),
        one_cycle(pct_start=0.25, div_factor=10, final_div_factor=100, anneal_strategy="linear"),
    ),
    "one_cycle three": (ours.one_cycle(STEPS, 0.4, three_phase=True), one_cycle(pct_start=0.4, three_phase=True)),
    "one_cycle three linear": (
        ours.one_cycle(STEPS, 0.31, 4, 8, anneal="linear", three_phase=True),
        one_cycle(pct_start=0.31, div_factor=4, final_div_factor=8, anneal_strategy="linear", three_phase=True),
    ),
    "one_cycle from the top": (ours.one_cycle(STEPS, 0.0), one_cycle(pct_start=0.0)),
    "one_cycle to the top": (ours.one_cycle(STEPS, 1.0), one_cycle(pct_start=1.0)),
    "inverse_sqrt": (ours.inverse_sqrt(40), partial(transformer, warm=40)),
    "inverse_sqrt at once": (ours.inverse_sqrt(1), partial(transformer, warm=1)),
}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> tuple[Schedule, list[float]]:
    schedule, twin = CASES[request.param]
    return schedule, rates(twin)


def test_a_schedule_gives_pytorchs_rates(case: tuple[Schedule, list[float]]) -> None:
    schedule, expected = case
    assert [BASE * schedule(step) for step in range(STEPS)] == pytest.approx(expected, rel=0, abs=1e-12)


def test_a_schedule_drives_an_optimizer_through_lambda_lr(case: tuple[Schedule, list[float]]) -> None:
    schedule, expected = case
    assert rates(lambda stepped: theirs.LambdaLR(stepped, schedule)) == pytest.approx(expected, rel=0, abs=1e-12)


def test_a_schedule_is_a_pure_function_of_python_numbers(case: tuple[Schedule, list[float]]) -> None:
    schedule, _ = case
    forwards = [schedule(step) for step in range(STEPS)]
    assert [schedule(step) for step in reversed(range(STEPS))] == forwards[::-1]
    assert {type(factor) for factor in forwards} == {float}


def test_pytorchs_schedulers_tell_a_schedule_that_is_one_step_late() -> None:
    """The comparison above would notice: every case but the constant ones moves by more than its tolerance."""
    for name, (schedule, twin) in CASES.items():
        late = [BASE * schedule(max(step - 1, 0)) for step in range(STEPS)]
        apart = max(abs(a - b) for a, b in zip(late, rates(twin), strict=True))
        assert apart > 1e-5 or name in ("constant", "multi_step never"), name


def test_the_seams_worked_by_hand() -> None:
    halves = ours.cosine(10, final=0.2)
    assert [halves(0), halves(5), halves(10)] == pytest.approx([1.0, 0.6, 0.2], abs=1e-15)
    assert ours.cosine(10)(9) == pytest.approx(math.sin(math.pi / 20) ** 2)  # the last of ten updates: not yet 0
    assert [ours.cosine_restarts(10, 2)(step) for step in (10, 30, 70)] == [1.0, 1.0, 1.0]
    assert [ours.warmup(4)(step) for step in range(6)] == [0.0, 0.25, 0.5, 0.75, 1.0, 1.0]
    climbing = ours.warmup(3, ours.warmup(2))  # the second one's clock starts when the first has ended
    assert [climbing(step) for step in (2, 3, 4, 5)] == [pytest.approx(2 / 3), 0.0, 0.5, 1.0]
    cycle = ours.one_cycle(100, warm=0.3, div=25, final_div=1e4)
    assert [cycle(0), cycle(29), cycle(99)] == pytest.approx([1 / 25, 1.0, 1 / 25e4], rel=1e-12)
    assert [ours.inverse_sqrt(25)(step) for step in (0, 24, 99)] == [1 / 25, 1.0, 0.5]


@pytest.mark.parametrize("schedule", [ours.cosine(50, 0.1), ours.polynomial(50, 2, 0.1), ours.one_cycle(51, div=1 / 2)])
def test_a_run_that_goes_on_past_the_end_stays_at_the_end(schedule: Schedule) -> None:
    assert {schedule(step) for step in range(50, 500)} == {schedule(50)}
    assert schedule(49) > schedule(50)


@pytest.mark.parametrize("growth", [2, 3, 7, 10])
def test_a_restart_falls_on_its_step_however_long_the_run(growth: int) -> None:
    schedule = ours.cosine_restarts(3, growth)
    for cycles in range(1, 15):  # PyTorch's own logarithm is off by a cycle at some of them
        start = 3 * (growth**cycles - 1) // (growth - 1)
        assert schedule(start) == 1.0
        assert schedule(start - 1) < 1.0


@pytest.mark.parametrize("steps", [1, 2, 3, 4, 7, 10])
@pytest.mark.parametrize("settings", [{}, {"anneal": "linear"}, {"warm": 0.5}, {"warm": 0.5, "three_phase": True}])
def test_one_cycle_is_sound_in_short_runs(steps: int, settings: dict[str, object]) -> None:
    factors = [ours.one_cycle(steps, **settings)(step) for step in range(steps + 3)]
    assert all(0 < factor <= 1 for factor in factors)
    assert factors[-1] == pytest.approx(1 / 25e4)


def noisy_losses(seed: int) -> list[float]:
    """Losses that fall, rest, and break off now and then."""
    rng = random.Random(seed)
    losses = [max(3 * 0.98 ** (step // 12 * 12), 0.4) + rng.gauss(0, 0.01) for step in range(STEPS)]
    for step in rng.sample(range(STEPS), 20):
        losses[step] = rng.choice([math.nan, math.inf])
    return losses


@pytest.mark.parametrize("start", [[], [math.nan, math.inf, math.nan]], ids=["", "from nan"])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"factor": 0.5, "patience": 3},
        {"factor": 0.7, "patience": 0, "threshold": 0.05},
        {"factor": 0.7, "patience": 2, "cooldown": 6},
        {"factor": 0.7, "patience": 0, "cooldown": 1, "threshold": 0.0},
        {"factor": 0.8, "patience": 4, "threshold": 0.02, "threshold_mode": "abs"},
        {"factor": 0.6, "patience": 2, "min_factor": 0.01},
        {"factor": 0.9, "patience": 2, "mode": "max"},
        {"factor": 0.9, "patience": 2, "mode": "max", "threshold": 0.3, "threshold_mode": "abs"},
    ],
    ids=str,
)
def test_the_plateau_gives_pytorchs_rates(settings: dict[str, object], start: list[float]) -> None:
    plateau = ours.reduce_on_plateau(**settings)
    theirs_settings = {name: value for name, value in settings.items() if name != "min_factor"}
    stepped = optimizer()
    scheduler = theirs.ReduceLROnPlateau(
        stepped, **theirs_settings, min_lr=BASE * settings.get("min_factor", 0.0), eps=0.0
    )
    sign = -1 if settings.get("mode") == "max" else 1
    # an accuracy that rises; and infinities of the sign that PyTorch too holds to be bad
    losses = [5 + sign * loss for loss in start + noisy_losses(1)]
    for epoch, loss in enumerate(losses):
        assert BASE * plateau(losses[:epoch]) == pytest.approx(stepped.param_groups[0]["lr"], rel=0, abs=1e-12)
        scheduler.step(loss)
    assert plateau(losses) < 1  # there was something to compare


def test_the_plateau_counts_as_it_says() -> None:
    patient = ours.reduce_on_plateau(factor=0.1, patience=2)
    assert [patient([1.0] * epochs) for epochs in (0, 1, 2, 3, 4)] == [1, 1, 1, 1, 0.1]  # the third bad one cuts
    assert patient([1.0, 1.0, 1.0, 0.9, 1.0, 1.0]) == 1.0  # an improvement sets the count back
    assert ours.reduce_on_plateau(patience=0, threshold=0.0)([1.0, 1.0]) == 0.1  # the same again is no improvement
    cooling = ours.reduce_on_plateau(factor=0.1, patience=0, cooldown=2)
    assert [cooling([1.0] * epochs) for epochs in (2, 3, 4, 5)] == [0.1, 0.1, 0.1, pytest.approx(0.01)]
    assert ours.reduce_on_plateau(factor=0.1, patience=0, min_factor=0.05)([1.0] * 9) == 0.05


def test_the_plateau_takes_no_infinite_loss_for_the_best_there_could_be() -> None:
    plateau = ours.reduce_on_plateau(patience=0)
    assert plateau([3.0, -math.inf, 2.0, 1.0]) == 0.1  # one bad epoch, and the later ones improve again
    assert plateau([math.nan]) == 0.1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ours.step_decay(0), "every must be a whole number of at least 1, got 0"),
        (lambda: ours.step_decay(2.5), "every must be a whole number of at least 1, got 2.5"),
        (lambda: ours.step_decay(5, 0), "gamma must be above 0 and finite, got 0"),
        (lambda: ours.multi_step([5, 0]), "every milestone must be a whole number of at least 1, got 0"),
        (lambda: ours.multi_step([5], math.nan), "gamma must be above 0 and finite, got nan"),
        (lambda: ours.exponential(-0.1), "gamma must be above 0 and finite, got -0.1"),
        (lambda: ours.polynomial(0), "steps must be a whole number of at least 1, got 0"),
        (lambda: ours.polynomial(5, power=0), "power must be above 0 and finite, got 0"),
        (lambda: ours.polynomial(5, final=2), "final must lie between 0 and 1, got 2"),
        (lambda: ours.cosine(-1), "steps must be a whole number of at least 1, got -1"),
        (lambda: ours.cosine(9, final=-0.1), "final must lie between 0 and 1, got -0.1"),
        (lambda: ours.cosine_restarts(0), "first must be a whole number of at least 1, got 0"),
        (lambda: ours.cosine_restarts(5, growth=1.5), "growth must be a whole number of at least 1, got 1.5"),
        (lambda: ours.cosine_restarts(5, final=math.nan), "final must lie between 0 and 1, got nan"),
        (lambda: ours.warmup(0), "steps must be a whole number of at least 1, got 0"),
        (lambda: ours.warmup(5, start=1.1), "start must lie between 0 and 1, got 1.1"),
        (lambda: ours.one_cycle(0), "steps must be a whole number of at least 1, got 0"),
        (lambda: ours.one_cycle(9, warm=1.2), "warm must lie between 0 and 1, got 1.2"),
        (lambda: ours.one_cycle(9, div=0), "div must be above 0 and finite, got 0"),
        (lambda: ours.one_cycle(9, final_div=-1), "final_div must be above 0 and finite, got -1"),
        (lambda: ours.one_cycle(9, anneal="sine"), "anneal must be 'cos' or 'linear', got 'sine'"),
        (lambda: ours.one_cycle(9, warm=0.6, three_phase=True), "warm must be at most 0.5 .* got 0.6"),
        (lambda: ours.inverse_sqrt(0), "steps must be a whole number of at least 1, got 0"),
        (lambda: ours.reduce_on_plateau(factor=1.0), "factor must lie between 0 and 1, and be neither, got 1.0"),
        (lambda: ours.reduce_on_plateau(patience=-1), "patience must be a whole number of at least 0, got -1"),
        (lambda: ours.reduce_on_plateau(cooldown=0.5), "cooldown must be a whole number of at least 0, got 0.5"),
        (lambda: ours.reduce_on_plateau(mode="low"), "mode must be 'min' or 'max', got 'low'"),
        (lambda: ours.reduce_on_plateau(threshold_mode="x"), "threshold_mode must be 'rel' or 'abs', got 'x'"),
        (lambda: ours.reduce_on_plateau(threshold=1.0), "threshold must be from 0 to below 1 with 'rel', got 1.0"),
        (lambda: ours.reduce_on_plateau(min_factor=2), "min_factor must lie between 0 and 1, got 2"),
    ],
)
def test_settings_out_of_range_are_refused(call: Callable[[], Schedule], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
