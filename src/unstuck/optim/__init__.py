"""Update rules, and the optimisers on top of them."""

from unstuck.optim.optimizers import SGD, Adagrad, Adam, AdamW, RMSprop
from unstuck.optim.rules import (
    Hyper,
    Rule,
    State,
    adagrad,
    adam,
    adamw,
    gd,
    momentum,
    nesterov,
    rmsprop,
    trajectory,
)

__all__ = [
    "SGD",
    "Adagrad",
    "Adam",
    "AdamW",
    "Hyper",
    "RMSprop",
    "Rule",
    "State",
    "adagrad",
    "adam",
    "adamw",
    "gd",
    "momentum",
    "nesterov",
    "rmsprop",
    "trajectory",
]
