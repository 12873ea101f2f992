"""Where PyTorch is listened to: each patch tells a watcher what happens, and calls the original as it was called."""

from __future__ import annotations

import builtins
import inspect
import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn, optim
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook
from torch.utils.data import DataLoader

from unstuck.doctor.watch.losses import LOSSES
from unstuck.doctor.watch.metrics import listen_to_metrics
from unstuck.doctor.watch.patches import Patches
from unstuck.doctor.watch.sites import site_here
from unstuck.doctor.watch.tape import transformed
from unstuck.doctor.watch.watcher import Watcher

__all__ = ["watching"]

T = TypeVar("T")

_log = logging.getLogger("unstuck.doctor")

Wrapper = Callable[..., Any]


@contextmanager
def watching(watcher: Watcher) -> Iterator[Watcher]:
    """Listen to PyTorch inside the block."""
    with Patches() as patches:
        _listen_to_modules(patches, watcher)
        _listen_to_losses(patches, watcher)
        _listen_to_likelihoods(patches, watcher)
        _listen_to_backward(patches, watcher)
        _listen_to_gradients(patches, watcher)
        _listen_to_schedules(patches, watcher)
        _listen_to_makers(patches, watcher)
        _listen_to_print(patches, watcher)
        _listen_to_warnings(patches, watcher)
        listen_to_metrics(patches, _muted(watcher, watcher.measured))
        hooks = [
            register_optimizer_step_pre_hook(_muted(watcher, watcher.step_starts)),
            register_optimizer_step_post_hook(_muted(watcher, lambda optimizer, *_: watcher.step_done(optimizer))),
        ]
        watcher.begin()
        try:
            yield watcher
        finally:
            watcher.end()
            watcher.busy = True  # a wrapper that the script or a tape still holds has nothing to tell
            for hook in hooks:
                hook.remove()


def _muted(watcher: Watcher, tell: Callable[..., T]) -> Callable[..., T | None]:
    """Return the function as one whose own tensor operations are not taken for the script's, nor its errors."""
    tape = watcher.tape

    def told(*args: Any, **kwargs: Any) -> T | None:
        try:
            if tape.running:
                with torch._C.DisableTorchFunction():
                    return tell(*args, **kwargs)
            return tell(*args, **kwargs)
        except Exception:  # of what a stranger's program does something may be unheard of, and is then not noted
            _log.debug("not noted", exc_info=True)
            return None

    return told


def _after(patches: Patches, watcher: Watcher, owner: Any, name: str, tell: Callable[..., None]) -> None:
    """Tell of a call of ``owner.name`` after it, with its result and its arguments."""
    tell = _muted(watcher, tell)

    def around(original: Wrapper) -> Wrapper:
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            if watcher.busy or transformed():
                return original(*args, **kwargs)
            watcher.busy = True
            try:
                result = original(*args, **kwargs)
            except (RuntimeError, IndexError):
                watcher.seen.raised = (name, args, site_here())
                raise
            finally:
                watcher.busy = False
            tell(result, *args, **kwargs)
            return result

        return wrapper

    patches.wrap(owner, name, around)


def _listen_to_modules(patches: Patches, watcher: Watcher) -> None:
    tape, stack = watcher.tape, watcher.tape.stack
    starts, called = _muted(watcher, watcher.model_starts), _muted(watcher, watcher.model_called)

    def around(original: Wrapper) -> Wrapper:
        def __call__(module: nn.Module, *args: Any, **kwargs: Any) -> Any:  # noqa: N807
            # What is being compiled should not be compiled with this in it.
            if torch.compiler.is_compiling() or transformed():
                return original(module, *args, **kwargs)
            if watcher.depth:
                if not tape.running:
                    return original(module, *args, **kwargs)
                stack.append(module)
                try:
                    return original(module, *args, **kwargs)
                finally:
                    stack.pop()
            if watcher.busy or not watcher.owns_parameters(module):
                return original(module, *args, **kwargs)
            starts(module)
            watcher.depth += 1
            stack.append(module)
            try:
                out = original(module, *args, **kwargs)
            finally:
                stack.pop()
                watcher.depth -= 1
            called(module, args, kwargs, out)
            return out

        return __call__

    patches.wrap(nn.Module, "__call__", around)


def _listen_to_losses(patches: Patches, watcher: Watcher) -> None:
    def listen(name: str) -> None:
        def tell(out: Tensor, given: Tensor, target: Tensor, *args: Any, **kwargs: Any) -> None:
            watcher.loss_called(name, given, target, {**kwargs, **_positional(name, args)}, out)

        def told(out: Any, *args: Any, **kwargs: Any) -> None:
            given = args[0] if args else kwargs.pop("input", kwargs.pop("input1", kwargs.pop("anchor", None)))
            target = args[1] if len(args) > 1 else kwargs.pop("target", None)
            if isinstance(given, Tensor) and isinstance(target, Tensor) and isinstance(out, Tensor):
                tell(out, given, target, *args[2:], **kwargs)

        _after(patches, watcher, F, name, told)

    for name in LOSSES:
        listen(name)


def _listen_to_likelihoods(patches: Patches, watcher: Watcher) -> None:
    def told(out: object, _: object, value: object, *__: object) -> None:
        # A value with a graph of its own is a sample of the model's, of which much else may be wanted.
        if isinstance(value, Tensor) and not value.requires_grad:
            watcher.likelihood(out)

    for kind in _with_own("log_prob", torch.distributions.Distribution):
        _after(patches, watcher, kind, "log_prob", told)
    _after(patches, watcher, F, "logsigmoid", lambda out, *_, **__: watcher.likelihood(out))


def _positional(name: str, args: tuple[Any, ...]) -> dict[str, Any]:
    """Return a loss's further arguments by name."""
    if not args:
        return {}
    names = list(inspect.signature(getattr(F, name)).parameters)[2:]
    return dict(zip(names, args, strict=False))


def _listen_to_backward(patches: Patches, watcher: Watcher) -> None:
    starts, done = _muted(watcher, watcher.backward_starts), _muted(watcher, watcher.backward_done)

    def around(original: Wrapper) -> Wrapper:
        def backward(tensors: Any, *args: Any, **kwargs: Any) -> Any:
            first = tensors[0] if isinstance(tensors, (list, tuple)) else tensors
            if watcher.busy or not isinstance(first, Tensor):
                return original(tensors, *args, **kwargs)
            look = starts(first)
            watcher.busy = True
            try:
                result = original(tensors, *args, **kwargs)
            except RuntimeError:
                watcher.seen.failed = look
                raise
            finally:
                watcher.busy = False
            done(first, look)
            return result

        return backward

    patches.wrap(torch.Tensor, "backward", around)
    patches.wrap(torch.autograd, "backward", around)


def _listen_to_gradients(patches: Patches, watcher: Watcher) -> None:
    def norm_clipped(out: Any, parameters: Any, max_norm: float, *_: Any, **__: Any) -> None:
        watcher.clipped("norm", float(max_norm), out if isinstance(out, Tensor) else None)

    def value_clipped(out: Any, parameters: Any, clip_value: float, *_: Any, **__: Any) -> None:
        watcher.clipped("value", float(clip_value), None)

    for owner in (nn.utils, nn.utils.clip_grad):
        _after(patches, watcher, owner, "clip_grad_norm_", norm_clipped)
        _after(patches, watcher, owner, "clip_grad_value_", value_clipped)
    _after(patches, watcher, optim.Optimizer, "zero_grad", lambda *_, **__: watcher.event("zero_grad"))
    _after(patches, watcher, nn.Module, "zero_grad", lambda *_, **__: watcher.event("zero_grad"))
    _after(patches, watcher, nn.Module, "eval", lambda *_, **__: watcher.event("eval"))
    scaler = torch.amp.GradScaler
    _after(patches, watcher, scaler, "scale", lambda _, s, *__: watcher.scaled(float(s.get_scale())))
    _after(patches, watcher, scaler, "unscale_", lambda *_: watcher.unscaled())


def _listen_to_schedules(patches: Patches, watcher: Watcher) -> None:
    for kind in _with_own("step", LRScheduler) | {ReduceLROnPlateau}:
        _after(patches, watcher, kind, "step", lambda _, scheduler, *__, **___: watcher.scheduled(scheduler))


def _with_own(name: str, base: type) -> set[type]:
    """Return the class and those below it that define a method themselves."""
    kinds, waiting = set(), [base]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if name in vars(kind):
            kinds.add(kind)
    return kinds


def _listen_to_makers(patches: Patches, watcher: Watcher) -> None:
    def around(original: Wrapper) -> Wrapper:
        def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
            if not watcher.busy:
                watcher.made(self)
            original(self, *args, **kwargs)

        return __init__

    for kind in (nn.Module, optim.Optimizer, LRScheduler, DataLoader):
        patches.wrap(kind, "__init__", around)
    _after(patches, watcher, DataLoader, "__iter__", lambda _, loader: watcher.iterated(loader))
    _after(patches, watcher, torch, "from_numpy", lambda made, *_: watcher.from_array(made))
    _after(patches, watcher, nn.Module, "load_state_dict", lambda _, module, *__, **___: watcher.loaded(module))


def _listen_to_warnings(patches: Patches, watcher: Watcher) -> None:
    """Note where NumPy, of which no tape is kept, first says that a number is none."""
    invalid = _muted(watcher, lambda: watcher.event("not a number"))

    def around(original: Wrapper) -> Wrapper:
        def showwarning(message: Any, category: Any, *args: Any, **kwargs: Any) -> None:
            if category is RuntimeWarning and "encountered in" in str(message):
                invalid()
            original(message, category, *args, **kwargs)

        return showwarning

    patches.wrap(warnings, "showwarning", around)


def _listen_to_print(patches: Patches, watcher: Watcher) -> None:
    printed = _muted(watcher, watcher.printed)

    def around(original: Wrapper) -> Wrapper:
        def print(*args: Any, **kwargs: Any) -> None:  # noqa: A001
            original(*args, **kwargs)
            with torch._C.DisableTorchFunction():  # to show a tensor takes functions that are not the script's
                printed(args, str(kwargs.get("sep") or " "))

        return print

    patches.wrap(builtins, "print", around)
