"""``unstuck info``: what this machine has, and what works on it."""

from __future__ import annotations

import os
import platform
import shutil
from typing import Any, get_args

import psutil
import torch
from torch import nn

from unstuck.cli.names import DataName
from unstuck.cli.options import JsonOption
from unstuck.cli.output import say, say_json, show_table
from unstuck.data import data_folder
from unstuck.engines import ENGINES, Engine, graphed
from unstuck.loop import pick_device
from unstuck.step import Precision, Step, make_step

__all__ = ["info"]

_GIB = 2**30
_UNPACKED = {"mnist": "MNIST/raw", "fashion_mnist": "FashionMNIST/raw", "cifar10": "cifar-10-batches-py"}


def info(json: JsonOption = False) -> None:
    """Show versions, devices, what works on them, and the data sets that are here; nothing is downloaded."""
    from unstuck import __version__  # here, as the package need not know its commands

    device = pick_device()
    engines = {engine: _why_not_engine(engine, device) for engine in ENGINES}
    precisions = {precision: _why_not_precision(precision, device) for precision in get_args(Precision)}
    content: dict[str, Any] = {
        "versions": {
            "unstuck": __version__,
            "torch": str(torch.__version__),
            "python": platform.python_version(),
            "cuda": torch.version.cuda,
            "cudnn": _cudnn(),
        },
        "devices": _devices(),
        "default_device": str(device),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "engines": {name: why is None for name, why in engines.items()},
        "precisions": {name: why is None for name, why in precisions.items()},
        "data_folder": data_folder(),
        "data": {name: _is_here(name) for name in get_args(DataName)},
    }
    if json:
        say_json(content)
        return
    rows = [[name, version or "none"] for name, version in content["versions"].items()]
    rows += [[part["device"], f"{part['name']}, {part['memory'] / _GIB:.1f} GiB"] for part in content["devices"]]
    rows += [
        ["default device", str(device)],
        ["cores, threads", f"{content['cores']}, {content['threads']}"],
        *([f"engine {name}", why or "works"] for name, why in engines.items()),
        *([f"precision {name}", why or "works"] for name, why in precisions.items()),
        ["data folder", str(data_folder())],
        *([f"data {name}", "here" if here else "not here"] for name, here in content["data"].items()),
    ]
    show_table(
        [
            "",
            "",
        ],
        [[name, str(value)] for name, value in rows],
        texts=2,
    )
    if not all(content["data"].values()):
        say("What is not here is downloaded when it is first asked for; UNSTUCK_DATA names another folder.")


def _cudnn() -> int | None:
    cudnn: Any = torch.backends.cudnn
    return int(cudnn.version()) if torch.cuda.is_available() else None


def _devices() -> list[dict[str, Any]]:
    """Return the CPU and every GPU, with their memory in bytes."""
    found = [
        {"device": "cpu", "name": platform.processor() or platform.machine(), "memory": psutil.virtual_memory().total}
    ]
    for index in range(torch.cuda.device_count()):
        properties = torch.cuda.get_device_properties(index)
        found.append({"device": f"cuda:{index}", "name": properties.name, "memory": properties.total_memory})
    if torch.backends.mps.is_available():
        found.append({"device": "mps", "name": "Apple", "memory": torch.mps.recommended_max_memory()})
    return found


def _why_not_engine(engine: Engine, device: torch.device) -> str | None:
    """Return why an engine cannot be had on a device; None if it can.

    Compiling would take half a minute: whether there is a compiler must do.
    """
    if engine == "graphed":
        try:
            graphed(_small_step("float32", device))
        except ValueError as error:
            return str(error)
    if engine == "compiled" and device.type == "cpu":
        compilers = [os.environ.get("CXX", "g++"), "g++", "clang++", "cl"]
        if not any(map(shutil.which, compilers)):
            return "there is no C++ compiler: neither g++ nor clang++, nor what CXX names"
    return None


def _why_not_precision(precision: Precision, device: torch.device) -> str | None:
    """Return why a precision cannot be had on a device, after trying; None if it can."""
    try:
        _small_step(precision, device)(torch.ones(2, 4, device=device), torch.zeros(2, 3, device=device))
    except (ValueError, RuntimeError) as error:
        return str(error).splitlines()[0]
    return None


def _small_step(precision: Precision, device: torch.device) -> Step:
    model = nn.Linear(4, 3).to(device)
    return make_step(model, nn.functional.mse_loss, torch.optim.SGD(model.parameters(), lr=0.1), precision=precision)


def _is_here(name: str) -> bool:
    """Tell whether a data set need not be downloaded, by the folder that torchvision unpacks it to."""
    folder = _UNPACKED.get(name)
    return folder is None or any((data_folder() / folder).glob("*"))
