"""Random numbers of their own for every run of a program: those that it would draw if it were trained alone."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import Tensor, nn

from unstuck import regularise

__all__ = ["Streams", "with_streams"]

_DROPOUTS = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, regularise.Dropout)


class Streams:
    """A random state a run, each seeded as :func:`~unstuck.loop.fit` seeds its own.

    Parameters
    ----------
    seeds
        One a run.
    device
        Where the runs draw.
    """

    def __init__(self, seeds: Sequence[int], device: torch.device) -> None:
        self.device = device
        with self._forked():
            self.states = [self._seeded(seed) for seed in seeds]

    def map(self, function: Callable[..., Any], *stacked: Tensor) -> tuple[Tensor, ...]:
        """Call a function once a run, with that run's random numbers and its part of every tensor.

        Parameters
        ----------
        function
            Maps tensors to a tensor or a tuple of them.
        *stacked
            Shape ``(runs, ...)`` each.

        Returns
        -------
        tuple of Tensor
            What the function returned, stacked likewise.
        """
        results = []
        with self._forked():
            for run, parts in enumerate(zip(*stacked, strict=True)):
                self._set(self.states[run])
                result = function(*parts)
                results.append(result if isinstance(result, tuple) else (result,))
                self.states[run] = self._get()
        return tuple(torch.stack(part) for part in zip(*results, strict=True))

    def _seeded(self, seed: int) -> list[Tensor]:
        torch.manual_seed(seed)
        return self._get()

    def _get(self) -> list[Tensor]:
        on_device = [torch.cuda.get_rng_state(self.device)] if self.device.type == "cuda" else []
        return [torch.get_rng_state(), *on_device]

    def _set(self, states: list[Tensor]) -> None:
        torch.set_rng_state(states[0])
        for state in states[1:]:
            torch.cuda.set_rng_state(state, self.device)

    def _forked(self) -> AbstractContextManager[None]:
        """Leave the program's own random state alone."""
        return torch.random.fork_rng([self.device] if self.device.type == "cuda" else [])


def with_streams(model: nn.Module, streams: Streams) -> nn.Module:
    """Return a copy of a model whose dropout layers draw from the streams of the runs, for use under ``vmap``."""
    model = copy.deepcopy(model)
    for module in list(model.modules()):
        for name, child in module.named_children():
            if isinstance(child, _DROPOUTS):
                setattr(module, name, _Dropout(child, streams))
    return model


class _Dropout(nn.Module):
    def __init__(self, layer: nn.Module, streams: Streams) -> None:
        super().__init__()
        self.layer, self.streams = layer, streams

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.layer.p == 0:
            return x
        noise: Tensor = _Noise.apply(x.detach(), self.layer, self.streams)
        return x * noise


class _Noise(torch.autograd.Function):
    """What a dropout layer multiplies its input by, drawn run by run where ``vmap`` stacks the runs."""

    @staticmethod
    def forward(x: Tensor, layer: nn.Module, streams: Streams) -> Tensor:
        raise NotImplementedError("the runs' dropout is drawn under vmap only")

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        ctx.mark_non_differentiable(output)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[None, None, None]:
        return None, None, None

    @staticmethod
    def vmap(
        info: Any, in_dims: tuple[int | None, None, None], x: Tensor, layer: nn.Module, streams: Streams
    ) -> tuple[Tensor, int]:
        # Whoever shares an input, as the first layer's, still draws alone.
        ones = torch.ones_like(
            x.movedim(in_dims[0], 0) if in_dims[0] is not None else x.expand(info.batch_size, *x.shape)
        )
        return streams.map(layer, ones)[0], 0
