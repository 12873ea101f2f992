"""The model cannot learn, or not with these weights."""

from __future__ import annotations

from collections.abc import Callable

from unstuck.doctor.case import Case, Suspicion
from unstuck.doctor.causes.capacity import under_capacity
from unstuck.doctor.causes.flow import exploding_gradients, vanishing_gradients
from unstuck.doctor.causes.modes import wrong_train_eval_mode
from unstuck.doctor.causes.noise import batch_norm_tiny_batch, dropout_too_strong
from unstuck.doctor.causes.sharing import shared_parameters_by_accident
from unstuck.doctor.causes.start import init_too_large, zero_or_constant_init
from unstuck.doctor.causes.units import dying_relu

__all__ = ["JUDGES"]

JUDGES: dict[str, Callable[[Case], Suspicion | None]] = {
    "zero_or_constant_init": zero_or_constant_init,
    "init_too_large": init_too_large,
    "vanishing_gradients": vanishing_gradients,
    "exploding_gradients": exploding_gradients,
    "dying_relu": dying_relu,
    "under_capacity": under_capacity,
    "dropout_too_strong": dropout_too_strong,
    "wrong_train_eval_mode": wrong_train_eval_mode,
    "batch_norm_tiny_batch": batch_norm_tiny_batch,
    "shared_parameters_by_accident": shared_parameters_by_accident,
}
