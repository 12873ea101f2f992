"""Three engines for one step: eager as it is written, compiled to few kernels, or recorded and replayed by the GPU."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from types import CodeType, FunctionType
from typing import Any, Literal

import torch
from torch import Tensor
from torch.nn.parallel import DistributedDataParallel
from torch.optim import SGD, Optimizer

from unstuck.step import Step, move_average

__all__ = ["ENGINES", "Engine", "Graphed", "compiled", "graphed"]

Engine = Literal["eager", "compiled", "graphed"]

_WARM_UP = 3  # steps before a recording: libraries pick their kernels, optimisers make their buffers


def compiled(step: Step, **options: Any) -> Step:
    """Return the same step with forward and backward pass compiled to few kernels.

    The first call of every shape of batch takes a while; so a short last batch costs one compilation, and no more.

    Parameters
    ----------
    step
        Made by :func:`make_step`.
    **options
        For :func:`torch.compile`, such as ``mode="max-autotune-no-cudagraphs"``.

    Returns
    -------
    Step
        Equal to `step` up to rounding; the optimiser runs as it did, as a learning rate compiled in would stay there.
    """
    return replace(
        step, objective=torch.compile(_with_own_code(step.objective, str(step.model)), dynamic=False, **options)
    )


class Graphed:
    """A step that a GPU replays from a recording, without a word from Python: one launch for some hundred.

    Batches are trained on eagerly until three have had the same shape; the fourth of it is recorded, and played from
    then on.
    Batches of another shape, a short last one, are trained on eagerly for ever.
    The learning rate becomes a tensor on the device, which schedulers change in place; the optimiser's other settings
    are frozen into the recording, and a change of them is refused.

    Parameters
    ----------
    step
        Made by :func:`make_step`, or :func:`compiled`.

    Raises
    ------
    ValueError
        If the step cannot be recorded.

    References
    ----------
    Chapter: Training on a GPU.
    """

    def __init__(self, step: Step) -> None:
        _check_recordable(step)
        _make_capturable(step.optimizer, step.device)
        self.step = replace(step, average=None)  # moved on after each replay: it counts on the CPU
        self.average = step.average
        self._recorder = _Recorder(step.device)
        self._rates = [group["lr"] for group in step.optimizer.param_groups]
        self._seen: Counter[tuple[torch.Size, torch.Size]] = Counter()
        self._shapes: tuple[torch.Size, torch.Size] | None = None  # of the recorded batch

    def __call__(self, x: Tensor, y: Tensor, weight: float = 1.0) -> Tensor:
        """Take one optimiser step; the same as :class:`~unstuck.step.Step`'s."""
        if weight != 1:
            raise ValueError(f"a recorded step has no weights, got {weight}")
        self._keep_rates()
        shapes = (x.shape, y.shape)
        if self._shapes is None and self._seen[shapes] == _WARM_UP:
            self._record(x, y)
            self._shapes = shapes
        if shapes == self._shapes:
            loss = self._replay(x, y)
        elif self._shapes is None:
            loss = self._recorder.warm(lambda: self.step(x, y))
            self._seen[shapes] += 1
        else:
            loss = self.step(x, y)
        if self.average is not None:
            move_average(self.average, self.step.model)
        return loss

    def _record(self, x: Tensor, y: Tensor) -> None:
        """Record a step without taking it."""
        self._x, self._y = x.clone(), y.clone()
        self._settings = _settings(self.step.optimizer)
        self.step.optimizer.zero_grad()  # so that the recording has gradients of its own
        self._loss = self._recorder.record(lambda: self.step(self._x, self._y))
        self._grads = [(param, param.grad) for param in self.step.model.parameters()]

    def _replay(self, x: Tensor, y: Tensor) -> Tensor:
        if _settings(self.step.optimizer) != self._settings:
            raise ValueError(
                "the optimizer's settings were changed after its step was recorded, which would have no effect: only "
                'the learning rate may change (OneCycleLR and CyclicLR: cycle_momentum=False); or use engine="eager"'
            )
        self._x.copy_(x, non_blocking=True)
        self._y.copy_(y, non_blocking=True)
        self._recorder.replay()
        for param, grad in self._grads:
            param.grad = grad  # a short batch had others
        return self._loss.clone()

    def _keep_rates(self) -> None:
        """Bring a learning rate that was set as a number to the tensor that the recording reads."""
        for group, rate in zip(self.step.optimizer.param_groups, self._rates, strict=True):
            if group["lr"] is not rate:
                rate.fill_(group["lr"])
                group["lr"] = rate


class _Recorder:
    """Records what a call does on the GPU, and plays it."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        self.graph = torch.cuda.CUDAGraph()

    def warm(self, call: Callable[[], Tensor]) -> Tensor:
        """Do it for real, on the stream that will be recorded: nothing has to be undone after it."""
        current = torch.cuda.current_stream(self.device)
        self.stream.wait_stream(current)
        with torch.cuda.stream(self.stream):
            output = call()
        current.wait_stream(self.stream)
        output.record_stream(current)
        return output

    def record(self, call: Callable[[], Tensor]) -> Tensor:
        """Note down what it does, without doing it, and return where the output will lie."""
        # Another thread may use the GPU meanwhile, as a data loader's does that pins memory.
        with torch.cuda.graph(self.graph, stream=self.stream, capture_error_mode="thread_local"):
            return call()

    def replay(self) -> None:
        self.graph.replay()


def graphed(step: Step) -> Graphed:
    """Return the same step, recorded as a CUDA graph and replayed: see :class:`Graphed`."""
    return Graphed(step)


ENGINES: dict[Engine, Callable[[Step], Step | Graphed]] = {
    "eager": lambda step: step,
    "compiled": compiled,
    "graphed": graphed,
}


def _with_own_code(function: Any, structure: str) -> Any:
    """Return the same function with a code that it shares with those for models of the same structure alone.

    PyTorch keeps what it compiled by the code, so that a second run of the same model begins at once; and it keeps
    eight variants of one, and runs a ninth uncompiled.
    """
    code = _code_for(function.__code__, structure)
    return FunctionType(code, function.__globals__, function.__name__, function.__defaults__, function.__closure__)


@cache
def _code_for(code: CodeType, _structure: str) -> CodeType:
    return code.replace()


def _check_recordable(step: Step) -> None:
    name = type(step.optimizer).__name__
    if step.scaler is not None:
        raise ValueError(
            'engine="graphed" cannot be had with precision="float16": whether to leave a step out is decided on the '
            'CPU; "bfloat16" needs no scaling'
        )
    if isinstance(step.model, DistributedDataParallel):
        raise ValueError('engine="graphed" is for one process: use "compiled" under torchrun')
    if not (type(step.optimizer) is SGD or "capturable" in step.optimizer.defaults):
        raise ValueError(
            f'engine="graphed" cannot record {type(step.optimizer).__module__}.{name}: use an optimiser of torch.optim '
            "that is capturable, such as SGD, Adam or AdamW"
        )
    if step.device.type != "cuda":
        raise ValueError(f'engine="graphed" needs a CUDA device, and the model lies on {step.device}')


def _make_capturable(optimizer: Optimizer, device: torch.device) -> None:
    """Have an optimiser read its learning rate, and count its steps, on the device."""
    optimizer._warned_capturable_if_run_uncaptured = True  # short batches are not recorded
    for group in optimizer.param_groups:
        group["lr"] = torch.as_tensor(group["lr"], dtype=torch.float32).to(device)
        if type(optimizer) is SGD:
            group["fused"], group["foreach"] = True, False  # only the fused one reads the rate on the device
        else:
            group["capturable"] = True
    for state in optimizer.state.values():
        if isinstance(state.get("step"), Tensor):
            state["step"] = state["step"].to(device, torch.float32)


def _settings(optimizer: Optimizer) -> list[dict[str, Any]]:
    frozen = optimizer.defaults.keys() - {"lr"}
    return [{name: group[name] for name in sorted(frozen)} for group in optimizer.param_groups]
