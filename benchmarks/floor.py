"""The floor under a training step: what it must compute, move and launch, and how fast this device does each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from common import timed

FLOAT = 4  # bytes
# What SGD with momentum moves, in copies of the parameters: forward and backward pass read them, the backward pass
# writes the gradients; the update reads gradients, momenta and parameters, and writes momenta and parameters.
PARAMETER_PASSES = 8


class Peak(NamedTuple):
    """What a device reached when it was asked for one thing alone."""

    flops: float  # a second, of a large product of matrices
    bandwidth: float  # bytes a second, of a large copy: read and written
    launch: float | None  # seconds a kernel, of many tiny ones replayed from a graph; none without CUDA


class Work(NamedTuple):
    """What one step must do."""

    flops: int
    bytes: int
    kernels: int | None  # none where they were not counted


def floor(work: Work, peak: Peak) -> dict[str, Any]:
    """Return a record of the least time a step can take, in microseconds: the longest of its three parts.

    The three may overlap, so the floor is not their sum.
    Bytes are counted as if none were kept in a cache, and kernels as the eager step launches them: what is fused, or
    small enough to stay in a cache, may go below.
    """
    parts = {"compute_us": 1e6 * work.flops / peak.flops, "move_us": 1e6 * work.bytes / peak.bandwidth}
    if work.kernels is not None and peak.launch is not None:
        parts["launch_us"] = 1e6 * work.kernels * peak.launch
    return {**work._asdict(), **parts, "floor_us": max(parts.values())}


def work(
    model: nn.Module, x: Tensor, y: Tensor, optimizer: torch.optim.Optimizer, half: torch.dtype | None = None
) -> Work:
    """Count what a step of SGD with momentum does on a batch, under autocast to `half` if there is one.

    Activations are those that the backward pass was left: each is written once and read once.
    """
    kept: dict[int, int] = {}
    own = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}

    def keep(tensor: Tensor) -> Tensor:
        where = tensor.untyped_storage().data_ptr()
        if where not in own:
            kept[where] = max(kept.get(where, 0), tensor.numel() * tensor.element_size())
        return tensor

    def gradients() -> None:
        with torch.autocast(x.device.type, half, enabled=half is not None):
            loss = F.cross_entropy(model(x), y)
        loss.backward()  # type: ignore[no-untyped-call]

    def step() -> None:
        optimizer.zero_grad()
        gradients()
        optimizer.step()

    with FlopCounterMode(display=False) as counter, saved_tensors_hooks(keep, lambda tensor: tensor):
        gradients()
    parameters = sum(parameter.numel() for parameter in model.parameters()) * FLOAT
    moved = PARAMETER_PASSES * parameters + 2 * sum(kept.values())
    return Work(counter.get_total_flops(), moved, kernels(step) if x.device.type == "cuda" else None)


def kernels(step: Callable[[], None], steps: int = 10) -> int | None:
    """Count the kernels, copies and fills that a step gives to the GPU; none where the profiler may not see them."""
    for _ in range(3):
        step()
    torch.cuda.synchronize()
    activities = [torch.profiler.ProfilerActivity.CPU, torch.profiler.ProfilerActivity.CUDA]
    with torch.profiler.profile(activities=activities) as profile:
        for _ in range(steps):
            step()
        torch.cuda.synchronize()
    events = [event for event in profile.events() or () if event.device_type.name == "CUDA"]
    # What the optimiser calls its step is drawn over its kernels, and is none.
    return round(sum(not event.is_user_annotation for event in events) / steps) or None


def peak(device: torch.device, dtype: torch.dtype, *, tf32: bool = False, size: int = 8192) -> Peak:
    """Measure a device: the best of five tries at each, as a peak has no median."""
    matrix = torch.randn(size, size, device=device).to(dtype)
    large = torch.empty(size * size * FLOAT, dtype=torch.uint8, device=device)
    target = torch.empty_like(large)
    before = torch.backends.cuda.matmul.fp32_precision
    torch.backends.cuda.matmul.fp32_precision = "tf32" if tf32 else "ieee"
    try:
        multiply = best(lambda: matrix @ matrix, device)
    finally:
        torch.backends.cuda.matmul.fp32_precision = before
    copy = best(lambda: target.copy_(large), device)
    launch = replayed(device) if device.type == "cuda" else None
    return Peak(2 * size**3 / multiply, 2 * large.nbytes / copy, launch)


def best(run: Callable[[], object], device: torch.device, tries: int = 5) -> float:
    """Return the seconds of the fastest of a few calls, after one that does not count."""
    run()
    return min(timed(run, device)[0] for _ in range(tries))


def replayed(device: torch.device, nodes: int = 1000) -> float:
    """Return the seconds that one of many tiny kernels takes, each waiting for the one before, in a CUDA graph."""
    number = torch.zeros((), device=device)
    number.add_(1)
    torch.cuda.synchronize(device)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        for _ in range(nodes):
            number.add_(1)
    return best(graph.replay, device) / nodes
