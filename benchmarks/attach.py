"""Hands to other tools, from outside a script, what its author would hand to them: model, optimizer, losses, a batch.

Tools that diagnose training ask for lines in the loop: "attach to my model", "log this loss after ``backward``".
Here those calls are made for them while an unmodified script runs, at the moments that their documentation names.
"""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook
from torch.optim.optimizer import Optimizer, register_optimizer_step_post_hook, register_optimizer_step_pre_hook

LOSSES = [
    "cross_entropy", "nll_loss", "mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "kl_div", "gaussian_nll_loss",
    "binary_cross_entropy", "binary_cross_entropy_with_logits", "hinge_embedding_loss", "multi_margin_loss",
    "soft_margin_loss",
]  # fmt: skip


@dataclass(frozen=True)
class Batch:
    """The first batch of the training, and the loss of the model's output on it."""

    inputs: tuple[Any, ...]
    target: Any
    loss: Callable[[Any, Any], Tensor]


class Tool:
    """What a tool is told of a run; each method is called at the moment it is named after, if the run has it."""

    def start(self, model: nn.Module, optimizer: Optimizer | None, batch: Batch | None) -> None:
        """Begin: all that is to be watched is known; the first ``backward`` is yet to be called."""

    def before_step(self, loss: float, evaluated: float | None) -> None:
        """Take a loss, after ``backward`` and before the step, and the mean of those taken without gradients since."""

    def after_step(self, loss: float) -> None:
        """Take the loss of the step that was just made."""

    def messages(self) -> Sequence[str]:
        """Return what the tool has to say at the end, in its own order."""
        return ()


class Attachment:
    """Watches a script for the tools, and keeps each one's failures from the script and from the others."""

    def __init__(self, tools: dict[str, Tool]) -> None:
        self.tools, self.failures = tools, dict.fromkeys(tools, "")
        self.started = self.busy = self.any_step = False
        self.optimizers: list[Optimizer] = []
        self.called: dict[int, tuple[nn.Module, tuple[Any, ...]]] = {}
        self.depth = self.backwards = 0
        self.optimizer: Optimizer | None = None
        self.first_loss: tuple[Callable[..., Tensor], tuple[Any, ...], dict[str, Any]] | None = None
        self.loss: float | None = None
        self.evaluated: list[float] = []

    def tell(self, name: str, *values: object) -> None:
        """Call a method of every tool that has not failed yet; none sees what another makes the model do."""
        self.busy = True
        with contextlib.redirect_stdout(sys.stderr):
            for tool, held in self.tools.items():
                if not self.failures[tool]:
                    try:
                        getattr(held, name)(*values)
                    except Exception as error:  # whatever a tool raises, the script and the others go on
                        self.failures[tool] = f"{name}: {type(error).__name__}: {error}"
        self.busy = False

    def start(self) -> None:
        """Find the optimizer that holds most of the modules called so far, and begin."""
        if self.started:
            return
        self.started = True
        modules = [
            (module, inputs) for module, inputs in self.called.values() if any(True for _ in module.parameters())
        ]
        owned = {id(held): {id(p) for group in held.param_groups for p in group["params"]} for held in self.optimizers}

        def shared(module: nn.Module, held: Optimizer) -> int:
            return len(owned[id(held)] & {id(parameter) for parameter in module.parameters()})

        pick = max(self.optimizers, key=lambda held: sum(shared(m, held) for m, _ in modules), default=None)
        its = [(module, inputs) for module, inputs in modules if pick and shared(module, pick)] or modules[:1]
        if not its:
            self.failures = dict.fromkeys(self.tools, "no module to attach to: the script calls none")
            return
        self.optimizer = pick
        batch = self._batch(its[0][1]) if len(its) == 1 else None
        self.tell("start", its[0][0] if len(its) == 1 else nn.ModuleList(m for m, _ in its), pick, batch)

    def _batch(self, inputs: tuple[Any, ...]) -> Batch | None:
        if self.first_loss is None:
            return None
        function, (given, *rest), options = self.first_loss
        target = rest[0] if rest else options.get("target")
        others = {name: value for name, value in options.items() if name not in ("input", "target")}
        like = given.shape[1:]

        def loss(output: Any, wanted: Any) -> Tensor:
            output = output[0] if isinstance(output, tuple) else output
            fits = output.shape[1:].numel() == like.numel()
            return function(output.reshape(len(output), *like) if fits else output, wanted, *rest[1:], **others)

        return Batch(tuple(_copied(value) for value in inputs), _copied(target), loss)

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Watch all that is called in the block; what is patched stays so, as the process ends with the script."""
        self._patch_losses()
        backward, init = Tensor.backward, Optimizer.__init__

        @functools.wraps(backward)
        def watched_backward(tensor: Tensor, *args: Any, **kwargs: Any) -> None:
            if self.busy:
                backward(tensor, *args, **kwargs)  # type: ignore[no-untyped-call]
                return
            self.start()
            self.loss = float(tensor.detach().mean())
            backward(tensor, *args, **kwargs)  # type: ignore[no-untyped-call]
            self.backwards += 1
            if self.backwards > 4 and not self.any_step:  # more than are accumulated: the script never steps
                self._before()
                self._after()

        @functools.wraps(init)
        def watched_init(optimizer: Optimizer, *args: Any, **kwargs: Any) -> None:
            init(optimizer, *args, **kwargs)
            self.optimizers += [] if self.busy else [optimizer]

        Tensor.backward, Optimizer.__init__ = watched_backward, watched_init  # type: ignore[method-assign,assignment]
        register_module_forward_pre_hook(self._enter)
        register_module_forward_hook(self._leave, always_call=True)
        register_optimizer_step_pre_hook(lambda optimizer, args, kwargs: self._stepping(optimizer))
        register_optimizer_step_post_hook(lambda optimizer, args, kwargs: self._stepped(optimizer))
        yield

    def _patch_losses(self) -> None:
        for name in LOSSES:
            plain = getattr(F, name)

            @functools.wraps(plain)
            def watched(*args: Any, _plain: Any = plain, **kwargs: Any) -> Any:
                value = _plain(*args, **kwargs)
                if not self.busy and isinstance(value, Tensor) and value.numel() == 1 and args:
                    if not torch.is_grad_enabled():
                        self.evaluated.append(float(value))
                    elif self.first_loss is None:
                        self.first_loss = (_plain, args, kwargs)
                return value

            setattr(F, name, watched)

    def _enter(self, module: nn.Module, inputs: tuple[Any, ...]) -> None:
        if not self.busy:
            if self.depth == 0 and not self.started and torch.is_grad_enabled():
                self.called[id(module)] = (module, inputs)
            self.depth += 1

    def _leave(self, module: nn.Module, inputs: Any, output: Any) -> None:
        self.depth -= not self.busy

    def _stepping(self, optimizer: Optimizer) -> None:
        if not self.busy:
            self.start()
            if optimizer is self.optimizer:
                self._before()

    def _stepped(self, optimizer: Optimizer) -> None:
        if not self.busy:
            self.any_step = True
            if optimizer is self.optimizer:
                self._after()

    def _before(self) -> None:
        if self.loss is not None:
            mean = sum(self.evaluated) / len(self.evaluated) if self.evaluated else None
            self.evaluated.clear()
            self.tell("before_step", self.loss, mean)

    def _after(self) -> None:
        if self.loss is not None:
            self.tell("after_step", self.loss)


def _copied(value: Any) -> Any:
    return value.detach().clone() if isinstance(value, Tensor) else value
