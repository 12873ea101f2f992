"""A tape of the tensor functions that a script calls, of the few steps that are looked at closely."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from unstuck.doctor.watch.sites import Site, site_here

__all__ = ["Op", "Tape", "producers_of", "tensors_in", "transformed"]

# Not functions of tensors to tensors, but of a tensor to Python or NumPy: where a graph is cut.
LEAVING = frozenset({"item", "tolist", "numpy", "__array__", "__float__", "__int__", "__bool__"})


@dataclass(slots=True, eq=False)
class Op:
    """One call of a tensor function, at the top level: what it calls in turn is not seen.

    ``modules`` are the modules inside which it was called, the outermost first.
    """

    func: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    out: Any
    site: Site | None
    modules: tuple[nn.Module, ...]
    grad: bool

    @property
    def name(self) -> str:
        """The function's name: ``softmax``, ``view``, ``__get__`` for a property."""
        name = getattr(self.func, "__name__", "")
        if name == "__get__":
            return getattr(getattr(self.func, "__self__", None), "__name__", name)
        return name

    @property
    def inputs(self) -> list[Tensor]:
        """The tensors among its arguments."""
        return tensors_in((self.args, self.kwargs))

    @property
    def outputs(self) -> list[Tensor]:
        """The tensors among what it returned."""
        return tensors_in(self.out)


def tensors_in(value: Any) -> list[Tensor]:
    """Return the tensors of nested lists, tuples and dicts."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, (tuple, list)):
        return []
    found: list[Tensor] = []
    for part in value:  # by hand, as walking a registered tree takes ten times as long, at every call
        if isinstance(part, Tensor):
            found.append(part)
        elif isinstance(part, (tuple, list, dict)):
            found += tensors_in(part)
    return found


def transformed() -> bool:
    """Whether a function is being transformed, by vmap or grad: its tensors stand for others, and hold no numbers."""
    return torch._C._functorch.peek_interpreter_stack() is not None


def _in_place(name: str) -> bool:
    return name.startswith("__i") or (name.endswith("_") and not name.endswith("__"))


def producers_of(ops: Iterable[Op]) -> dict[int, Op]:
    """Return the id of each tensor that functions returned -> which made it, or changed it in place last.

    What hands on what it was given, as ``torch.broadcast_tensors`` may, has made nothing.
    """
    return {
        id(out): op
        for op in ops
        for out in op.outputs
        if _in_place(op.name) or not any(out is given for given in op.inputs)
    }


class Tape(TorchFunctionMode):
    """Writes down every call of a tensor function while it is on.

    Unlike a mode in a ``with`` block it is switched by events, so that it may have to be taken from under a mode that
    the script has entered since: ``torch.device`` as a context is one.
    """

    def __init__(self) -> None:
        super().__init__()
        self.ops: list[Op] = []
        self.stack: list[nn.Module] = []  # the modules that are being called; kept by the watcher
        self.running = False
        self.light = False

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Call the function, and write it down where tensors go in and come out."""
        kwargs = kwargs or {}
        out = func(*args, **kwargs)
        if self.light and not isinstance(out, (Tensor, tuple, list)):
            return out
        if torch.compiler.is_compiling() or transformed():
            return out
        if isinstance(out, (Tensor, tuple, list)) or getattr(func, "__name__", "") in LEAVING:
            op = Op(func, args, kwargs, out, None, tuple(self.stack), torch.is_grad_enabled())
            if (op.outputs or op.name in LEAVING) and (op.inputs or op.outputs):
                op.site = None if self.light else site_here()
                self.ops.append(op)
        return out

    def on(self, *, light: bool = False) -> None:
        """Start writing; ``light`` leaves out at which lines, which takes longest."""
        self.light = light
        if not self.running:
            self.running = True
            self.__enter__()  # type: ignore[no-untyped-call]

    def off(self) -> None:
        """Stop writing; what was written stays."""
        if not self.running:
            return
        self.running = False
        stack = torch.overrides._get_current_function_mode_stack()  # type: ignore[no-untyped-call]
        if not any(mode is self for mode in stack):
            return
        above = []
        while (top := torch.overrides._pop_mode()) is not self:  # type: ignore[no-untyped-call]
            above.append(top)
        for mode in reversed(above):
            torch.overrides._push_mode(mode)  # type: ignore[no-untyped-call]
