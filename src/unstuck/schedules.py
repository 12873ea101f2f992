"""Learning-rate schedules: makers of pure functions of the step.

Each function here takes a schedule's settings and returns the schedule, a function that maps the number of updates
taken so far (0, 1, 2, ...) to a *factor* on the base rate.
Nothing is remembered between calls, so one schedule serves many runs at once, can be drawn, and can be taken up in the
middle:

- ``LambdaLR(optimizer, cosine(1000))`` drives any PyTorch optimiser;
- ``[cosine(1000)(step) for step in range(1000)]`` is a table, for a plot or a sweep.

Stepped once an epoch, the same functions count epochs.
:func:`reduce_on_plateau` cannot know the step's factor beforehand, and is a function of the losses so far instead.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

Schedule = Callable[[int], float]

__all__ = [
    "Plateau",
    "Schedule",
    "constant",
    "cosine",
    "cosine_restarts",
    "exponential",
    "inverse_sqrt",
    "multi_step",
    "one_cycle",
    "polynomial",
    "reduce_on_plateau",
    "step_decay",
    "warmup",
]


def constant() -> Schedule:
    """Keep the base rate: the factor is 1 at every step.

    Returns
    -------
    Schedule
        Equal to :class:`torch.optim.lr_scheduler.ConstantLR` with ``factor=1``.

    Examples
    --------
    >>> constant()(1000)
    1.0
    """
    return lambda step: 1.0


def step_decay(every: int, gamma: float = 0.1) -> Schedule:
    r"""Multiply the rate by `gamma` every so many steps, :math:`\gamma^{\lfloor t / n \rfloor}`.

    Parameters
    ----------
    every
        The steps :math:`n` between two cuts, at least 1.
    gamma
        The factor :math:`\gamma` of each cut, above 0.

    Returns
    -------
    Schedule
        Equal to :class:`torch.optim.lr_scheduler.StepLR`.

    Raises
    ------
    ValueError
        If a setting is out of range.

    Examples
    --------
    >>> [step_decay(2, gamma=0.5)(step) for step in range(5)]
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """
    _check_whole("every", every)
    _check_positive("gamma", gamma)
    return lambda step: float(gamma ** (step // every))


def multi_step(milestones: Sequence[int], gamma: float = 0.1) -> Schedule:
    r"""Multiply the rate by `gamma` at each milestone, :math:`\gamma^{|\{m : m \le t\}|}`.

    Parameters
    ----------
    milestones
        The first steps with the smaller rate, each at least 1, in any order; one that is named twice cuts twice.
    gamma
        The factor :math:`\gamma` of each cut, above 0.

    Returns
    -------
    Schedule
        Equal to :class:`torch.optim.lr_scheduler.MultiStepLR`.

    Raises
    ------
    ValueError
        If a setting is out of range.

    Examples
    --------
    >>> [multi_step([1, 3], gamma=0.5)(step) for step in range(5)]
    [1.0, 0.5, 0.5, 0.25, 0.25]

    References
    ----------
    He et al. (2016), "Deep residual learning for image recognition", divide by 10 at two milestones.
    """
    for milestone in milestones:
        _check_whole("every milestone", milestone)
    _check_positive("gamma", gamma)
    cuts = sorted(milestones)
    return lambda step: float(gamma ** bisect_right(cuts, step))


def exponential(gamma: float) -> Schedule:
    r"""Multiply the rate by `gamma` at every step, :math:`\gamma^t`.

    Parameters
    ----------
    gamma
        The factor :math:`\gamma` between two steps, above 0; above 1 the rate grows.

    Returns
    -------
    Schedule
        Equal to :class:`torch.optim.lr_scheduler.ExponentialLR`.

    Raises
    ------
    ValueError
        If `gamma` is out of range.

    Examples
    --------
    >>> [exponential(0.5)(step) for step in range(4)]
    [1.0, 0.5, 0.25, 0.125]
    """
    _check_positive("gamma", gamma)
    return lambda step: float(gamma**step)


def polynomial(steps: int, power: float = 1.0, final: float = 0.0) -> Schedule:
    r"""Fall along a power of the steps that are left, :math:`f + (1 - f)(1 - t/T)^p`, and stay at :math:`f`.

    Parameters
    ----------
    steps
        The step :math:`T` from which on the factor is `final`, at least 1.
    power
        The exponent :math:`p`, above 0; 1 makes a straight line.
    final
        The last factor :math:`f`, from 0 to 1.

    Returns
    -------
    Schedule
        Equal to :class:`torch.optim.lr_scheduler.PolynomialLR` where `final` is 0, and to
        :class:`torch.optim.lr_scheduler.LinearLR` from 1 to `final` where `power` is 1.

    Raises
    ------
    ValueError
        If a setting is out of range.

    Examples
    --------
    >>> [polynomial(4)(step) for step in range(6)]
    [1.0, 0.75, 0.5, 0.25, 0.0, 0.0]
    """
    _check_whole("steps", steps)
    _check_positive("power", power)
    _check_share("final", final)
    return lambda step: float(final + (1 - final) * (1 - min(step, steps) / steps) ** power)


def cosine(steps: int, final: float = 0.0) -> Schedule:
    r"""Fall along half a cosine, and stay at its end.

    .. math::

        f + \frac{1 - f}{2} \left( 1 + \cos \frac{\pi \min(t, T)}{T} \right)

    Parameters
    ----------
    steps
        The step :math:`T` from which on the factor is `final`, at least 1.
        The last of :math:`T` updates still has a little more than that: it is taken at :math:`t = T - 1`.
    final
        The last factor :math:`f`, from 0 to 1.

    Returns
    -------
    Schedule
        Equal to :class:`torch.optim.lr_scheduler.CosineAnnealingLR` with ``T_max=steps`` up to step `steps`.
        After it PyTorch's climbs back to the base rate, and a run of more steps than were planned ends as it began;
        this one stays where it is.

    Raises
    ------
    ValueError
        If a setting is out of range.

    Examples
    --------
    >>> [round(cosine(4)(step), 3) for step in range(6)]
    [1.0, 0.854, 0.5, 0.146, 0.0, 0.0]

    References
    ----------
    Loshchilov and Hutter (2017), "SGDR: Stochastic gradient descent with warm restarts".
    """
    _check_whole("steps", steps)
    _check_share("final", final)
    return lambda step: _along_cosine(1.0, final, min(step, steps) / steps)


def cosine_restarts(first: int, growth: int = 1, final: float = 0.0) -> Schedule:
    r"""Fall along half a cosine again and again, each time from the full rate, each time `growth` times as long.

    Cycle :math:`i` lasts :math:`T_i = T_0 k^i` steps; :math:`s` steps into it the factor is

    .. math::

        f + \frac{1 - f}{2} \left( 1 + \cos \frac{\pi s}{T_i} \right), \qquad 0 \le s < T_i.

    Parameters
    ----------
    first
        The length :math:`T_0` of the first cycle, at least 1.
    growth
        The whole number :math:`k` that each cycle is longer by than the one before, at least 1.
    final
        The factor :math:`f` that a cycle falls towards, from 0 to 1.

    Returns
    -------
    Schedule
        Equal to :class:`torch.optim.lr_scheduler.CosineAnnealingWarmRestarts`.

    Raises
    ------
    ValueError
        If a setting is out of range.

    Examples
    --------
    >>> [round(cosine_restarts(2, growth=2)(step), 3) for step in range(7)]
    [1.0, 0.5, 1.0, 0.854, 0.5, 0.146, 1.0]

    References
    ----------
    Loshchilov and Hutter (2017), "SGDR: Stochastic gradient descent with warm restarts".
    """
    _check_whole("first", first)
    _check_whole("growth", growth)
    _check_share("final", final)

    def schedule(step: int) -> float:
        length, into = first, step
        if growth == 1:
            into %= length
        while into >= length:  # whole numbers: a logarithm would be off by one cycle at some restarts
            into -= length
            length *= growth
        return _along_cosine(1.0, final, into / length)

    return schedule


def warmup(steps: int, then: Schedule | None = None, start: float = 0.0) -> Schedule:
    r"""Climb in a straight line to the base rate first, and begin another schedule there.

    .. math::

        s + (1 - s) \frac{t}{n} \quad (t < n), \qquad g(t - n) \quad (t \ge n)

    Parameters
    ----------
    steps
        The length :math:`n` of the warm-up, at least 1.
    then
        The schedule :math:`g` that follows; its own clock starts when the warm-up ends, so give it the steps that are
        left: ``warmup(100, cosine(900))`` makes 1000.
        By default :func:`constant`.
    start
        The first factor :math:`s`, from 0 to 1; at 0, the first update changes nothing.

    Returns
    -------
    Schedule
        Equal to :class:`torch.optim.lr_scheduler.LinearLR` (which cannot start at 0) and the other one in a
        :class:`torch.optim.lr_scheduler.SequentialLR`.

    Raises
    ------
    ValueError
        If a setting is out of range.

    Examples
    --------
    >>> [round(warmup(2, cosine(4))(step), 3) for step in range(7)]
    [0.0, 0.5, 1.0, 0.854, 0.5, 0.146, 0.0]

    References
    ----------
    Goyal et al. (2017), "Accurate, large minibatch SGD: training ImageNet in 1 hour".
    """
    _check_whole("steps", steps)
    _check_share("start", start)
    following = constant() if then is None else then
    return lambda step: _along_line(start, 1.0, step / steps) if step < steps else following(step - steps)


def one_cycle(
    steps: int,
    warm: float = 0.3,
    div: float = 25.0,
    final_div: float = 1e4,
    *,
    anneal: Literal["cos", "linear"] = "cos",
    three_phase: bool = False,
) -> Schedule:
    r"""Climb to the highest rate and fall far below the first one, in one cycle over the whole run.

    The factor is one on the *highest* rate: give that to the optimiser as its ``lr``.
    It goes from :math:`1/d` to 1 at step :math:`wT - 1` and to :math:`1/(d\,d_f)` at step :math:`T - 1`, along half
    cosines or straight lines; in three phases it comes back to :math:`1/d` at step :math:`2wT - 2` before the last
    fall.

    Parameters
    ----------
    steps
        The length :math:`T` of the run, at least 1; after it the factor stays at its end.
    warm
        The share :math:`w` of the run in which the rate climbs, from 0 to 1, and at most 0.5 in three phases.
    div
        How many times the first rate is smaller than the highest, :math:`d`, above 0.
    final_div
        How many times the last rate is smaller than the first, :math:`d_f`, above 0.
    anneal
        ``"cos"`` or ``"linear"``.
    three_phase
        Fall as symmetrically as the rate climbed, and to the last rate after that.

    Returns
    -------
    Schedule
        Equal to the rates of :class:`torch.optim.lr_scheduler.OneCycleLR`, divided by its ``max_lr``; the momentum
        that PyTorch's moves against the rate by default is left alone, as with ``cycle_momentum=False``.

    Raises
    ------
    ValueError
        If a setting is out of range.

    Examples
    --------
    >>> [round(one_cycle(5, warm=0.6, div=4, final_div=2)(step), 3) for step in range(6)]
    [0.25, 0.625, 1.0, 0.562, 0.125, 0.125]

    References
    ----------
    Smith and Topin (2019), "Super-convergence: very fast training of neural networks using large learning rates".
    """
    _check_whole("steps", steps)
    _check_share("warm", warm)
    _check_positive("div", div)
    _check_positive("final_div", final_div)
    if anneal not in ("cos", "linear"):
        raise ValueError(f"anneal must be 'cos' or 'linear', got {anneal!r}")
    if three_phase and warm > 0.5:
        raise ValueError(f"warm must be at most 0.5 where three_phase is set, as the rate falls as long, got {warm}")
    along = _along_cosine if anneal == "cos" else _along_line
    first, last = 1 / div, 1 / div / final_div
    # (step, factor) where the phases meet; the odd -1 and -2 are PyTorch's
    knots = [(0.0, first), (warm * steps - 1, 1.0), (steps - 1.0, last)]
    if three_phase:
        knots.insert(2, (2 * warm * steps - 2, first))

    def schedule(step: int) -> float:
        step = min(step, steps - 1)
        index = 1
        while step > knots[index][0]:
            index += 1
        (begin, left), (end, right) = knots[index - 1], knots[index]
        return right if begin == end else along(left, right, (step - begin) / (end - begin))

    return schedule


def inverse_sqrt(steps: int) -> Schedule:
    r"""Climb in a straight line, and fall with the square root of the steps: the Transformer's schedule.

    .. math::

        \min \left( \frac{t + 1}{n}, \sqrt{\frac{n}{t + 1}} \right)

    The paper counts its steps from 1, hence :math:`t + 1`: the first update has a rate above 0, and the highest rate,
    factor 1, is that of the :math:`n`-th.

    Parameters
    ----------
    steps
        The length :math:`n` of the warm-up, at least 1.

    Returns
    -------
    Schedule
        PyTorch has no scheduler of that name.
        The paper's own rate, :math:`d^{-1/2} \min(t^{-1/2}, t\,n^{-3/2})`, is this factor on :math:`(d\,n)^{-1/2}`.

    Raises
    ------
    ValueError
        If `steps` is out of range.

    Examples
    --------
    >>> [inverse_sqrt(4)(step) for step in (0, 1, 3, 15, 63)]
    [0.25, 0.5, 1.0, 0.5, 0.25]

    References
    ----------
    Vaswani et al. (2017), "Attention is all you need", section 5.3.
    """
    _check_whole("steps", steps)
    return lambda step: min((step + 1) / steps, math.sqrt(steps / (step + 1)))


@dataclass(frozen=True)
class Plateau:
    """Cut the rate when the loss has stopped falling: a function of all losses so far.

    Made by :func:`reduce_on_plateau`, where the settings are explained.

    Examples
    --------
    >>> plateau = reduce_on_plateau(factor=0.5, patience=1)
    >>> [plateau([3.0, 2.0, 2.0, 2.0][:epochs]) for epochs in range(5)]
    [1.0, 1.0, 1.0, 1.0, 0.5]
    """

    factor: float = 0.1
    patience: int = 10
    mode: Literal["min", "max"] = "min"
    threshold: float = 1e-4
    threshold_mode: Literal["rel", "abs"] = "rel"
    cooldown: int = 0
    min_factor: float = 0.0

    def __post_init__(self) -> None:
        """Refuse settings that are out of range."""
        if not 0 < self.factor < 1:
            raise ValueError(f"factor must lie between 0 and 1, and be neither, got {self.factor}")
        _check_whole("patience", self.patience, least=0)
        _check_whole("cooldown", self.cooldown, least=0)
        _check_share("min_factor", self.min_factor)
        if self.mode not in ("min", "max"):
            raise ValueError(f"mode must be 'min' or 'max', got {self.mode!r}")
        if self.threshold_mode not in ("rel", "abs"):
            raise ValueError(f"threshold_mode must be 'rel' or 'abs', got {self.threshold_mode!r}")
        if not 0 <= self.threshold < (1 if self.threshold_mode == "rel" else math.inf):
            allowed = "from 0 to below 1" if self.threshold_mode == "rel" else "at least 0 and finite"
            raise ValueError(f"threshold must be {allowed} with {self.threshold_mode!r}, got {self.threshold}")

    def __call__(self, losses: Sequence[float]) -> float:
        """Return the factor on the base rate after epochs with these losses, the oldest first.

        Every call goes over the whole history, so that nothing has to be kept, or restored, between two calls.
        """
        best = math.inf if self.mode == "min" else -math.inf
        bad = cooling = cuts = 0
        for loss in losses:
            if self._is_better(loss, best):
                best, bad = loss, 0
            else:
                bad += 1
            if cooling:
                cooling, bad = cooling - 1, 0
            if bad > self.patience:
                cuts, cooling, bad = cuts + 1, self.cooldown, 0
        return float(max(self.factor**cuts, self.min_factor))

    def _is_better(self, loss: float, best: float) -> bool:
        if not math.isfinite(loss):
            return False
        sign = 1 if self.mode == "min" else -1
        bar = best * (1 - sign * self.threshold) if self.threshold_mode == "rel" else best - sign * self.threshold
        return sign * loss < sign * bar


def reduce_on_plateau(
    factor: float = 0.1,
    patience: int = 10,
    *,
    mode: Literal["min", "max"] = "min",
    threshold: float = 1e-4,
    threshold_mode: Literal["rel", "abs"] = "rel",
    cooldown: int = 0,
    min_factor: float = 0.0,
) -> Plateau:
    """Multiply the rate by `factor` once the loss has not improved for more than `patience` epochs.

    Parameters
    ----------
    factor
        What each cut multiplies the rate by, between 0 and 1.
    patience
        How many epochs without improvement are let pass, at least 0: with 2, the third in a row cuts.
    mode
        ``"min"`` for a loss, ``"max"`` for an accuracy.
    threshold
        An improvement is one by more than this share of the best value so far (``"rel"``, meant for values above 0),
        or by more than this amount (``"abs"``).
    threshold_mode
        ``"rel"`` or ``"abs"``.
    cooldown
        For how many epochs after a cut none is counted as bad, at least 0.
    min_factor
        The smallest factor, from 0 to 1.

    Returns
    -------
    Plateau
        ``plateau(losses)`` is the factor after epochs with these losses.
        Equal to :class:`torch.optim.lr_scheduler.ReduceLROnPlateau` with ``min_lr`` at `min_factor` times the base
        rate and ``eps=0``; a value that is NaN or infinite, of either sign, is never an improvement.

    Raises
    ------
    ValueError
        If a setting is out of range.

    Examples
    --------
    >>> plateau = reduce_on_plateau(factor=0.1, patience=0)
    >>> plateau([2.0, 1.0]), plateau([2.0, 1.0, 1.0])
    (1.0, 0.1)
    """
    return Plateau(factor, patience, mode, threshold, threshold_mode, cooldown, min_factor)


def _along_cosine(left: float, right: float, share: float) -> float:
    """Go from `left` to `right` along half a cosine, as `share` goes from 0 to 1."""
    return right + (left - right) / 2 * (1 + math.cos(math.pi * share))


def _along_line(left: float, right: float, share: float) -> float:
    return left + (right - left) * share


def _check_whole(name: str, value: float, least: int = 1) -> None:
    if not (value >= least and value % 1 == 0):  # which 3.0 and NumPy's integers pass, and NaN and infinity do not
        raise ValueError(f"{name} must be a whole number of at least {least}, got {value!r}")


def _check_positive(name: str, value: float) -> None:
    if not 0 < value < math.inf:
        raise ValueError(f"{name} must be above 0 and finite, got {value}")


def _check_share(name: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise ValueError(f"{name} must lie between 0 and 1, got {value}")
