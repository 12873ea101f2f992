"""A model's weights on disk, as safetensors: under the names that its plain module gives them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn.parallel import DataParallel, DistributedDataParallel
from torch.nn.parameter import is_lazy
from torch.optim.swa_utils import AveragedModel

from unstuck.checkpoint.folders import CheckpointError
from unstuck.files import replacing

__all__ = [
    "clean_names",
    "load_weights",
    "misfits",
    "plain",
    "put_weights",
    "read_weights",
    "save_weights",
    "weights_of",
]

_COMPILED = "_orig_mod"  # what torch.compile calls the module inside; its class takes a second to import
_SHOWN = 3  # names in a message


def save_weights(model: nn.Module, path: str | Path) -> None:
    """Write a model's parameters and buffers to a safetensors file, whole or not at all.

    Parameters
    ----------
    model
        Plain, compiled or wrapped for several processes or for averaging: the names are those of the plain module, so
        that ``model.load_state_dict(safetensors.torch.load_file(path))`` reads them, and so does anything else.
        Tensors that share memory are written under each of their names.
    path
        Of the file; its folder is made. The metadata tell the model's class and the versions.

    Raises
    ------
    CheckpointError
        If the model's state is not all tensors.

    Examples
    --------
    >>> import tempfile
    >>> model, other = nn.Linear(2, 1), nn.Linear(2, 1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_weights(torch.compile(model), f"{folder}/weights.safetensors")
    ...     load_weights(other, f"{folder}/weights.safetensors")
    >>> torch.equal(model.weight, other.weight)
    True
    """
    from unstuck import __version__  # here, as the package imports this module

    tensors: dict[str, Tensor] = {}
    written: set[int] = set()
    for name, value in weights_of(model).items():
        tensor = value.cpu().contiguous()
        memory = tensor.untyped_storage().data_ptr()
        tensors[name] = tensor.clone() if memory in written else tensor  # the format knows no shared memory
        written.add(memory)
    versions = {"unstuck": __version__, "torch": torch.__version__}
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as unfinished:
        save_file(tensors, unfinished, metadata={"format": "pt", "model": type(plain(model)).__name__, **versions})


def load_weights(model: nn.Module, path: str | Path) -> None:
    """Read a model's parameters and buffers from a safetensors file, into their place.

    Parameters
    ----------
    model
        Plain, compiled or wrapped; on any device, and of any precision.
    path
        A file that :func:`save_weights` wrote, or one by another program with the same names.

    Raises
    ------
    CheckpointError
        If the file is missing, truncated or no safetensors; or if a tensor is missing in it, too many or of another
        shape. The model is then as it was.
    """
    tensors, description = read_weights(path)
    if misfit := misfits(model, tensors):
        raise CheckpointError(f"{path} holds the weights of {description}, not of this {_name(model)}: {misfit}")
    put_weights(model, tensors)


def read_weights(path: str | Path) -> tuple[dict[str, Tensor], str]:
    """Return the tensors of a safetensors file by name, and what model they are of, as far as the file tells."""
    if not os.path.isfile(path):
        raise CheckpointError(f"there are no weights {path}: no such file")
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (it is no mapping)
            metadata = file.metadata() or {}
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path} is damaged, or no safetensors file: {error}") from error
    count = sum(tensor.numel() for tensor in tensors.values())
    return tensors, f"a {metadata.get('model', 'model')} of {count:,} numbers"


def put_weights(model: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Copy tensors, by their clean names, into a model that they fit."""
    module = plain(model)
    module.load_state_dict({name: tensors[clean] for name, clean in clean_names(module).items()})


def weights_of(model: nn.Module) -> dict[str, Tensor]:
    """Return a model's parameters and buffers, themselves, by their clean names."""
    module = plain(model)
    names, state = clean_names(module), module.state_dict()
    if others := [name for name, value in state.items() if not isinstance(value, Tensor)]:
        raise CheckpointError(f"only tensors can be written as weights; the state of this {_name(model)} has {others}")
    return {names[name]: value for name, value in state.items()}


def misfits(model: nn.Module, tensors: Mapping[str, Tensor], *, exactly: bool = False) -> str:
    """Tell in what tensors differ from what a model holds; nothing where they fit.

    Parameters
    ----------
    model
        Whose names and shapes count.
    tensors
        By their clean names.
    exactly
        Whether the types must be the same as well.
    """
    own = weights_of(model)
    shared = [name for name in own if name in tensors and not is_lazy(own[name])]
    reshaped = [
        f"{name} ({_shape(tensors[name])} instead of {_shape(own[name])})"
        for name in shared
        if tensors[name].shape != own[name].shape
    ]
    retyped = [
        f"{name} ({tensors[name].dtype} instead of {own[name].dtype})"
        for name in shared
        if exactly and tensors[name].dtype != own[name].dtype
    ]
    differences = {
        "missing": [name for name in own if name not in tensors],
        "unexpected": [name for name in tensors if name not in own],
        "of another shape": reshaped,
        "of another type": retyped,
    }
    return "; ".join(f"{what}: {_first(names)}" for what, names in differences.items() if names)


def plain(model: nn.Module) -> nn.Module:
    """Return the module that was compiled or wrapped."""
    while inner := _inner(model):
        model = model.get_submodule(inner)
    return model


def clean_names(module: nn.Module) -> dict[str, str]:
    """Return the name of every tensor in a module's state without those of the compiled or wrapped parts around it."""
    wrapped = {
        f"{name}.{inner}" for name, part in module.named_modules(remove_duplicate=False) if (inner := _inner(part))
    }

    def clean(name: str) -> str:
        parts = name.split(".")
        return ".".join(part for end, part in enumerate(parts, start=1) if ".".join(parts[:end]) not in wrapped)

    return {name: clean(name) for name in module.state_dict()}


def _inner(module: nn.Module) -> str | None:
    """Return what a wrapper calls the module inside it; None if it is no wrapper."""
    if isinstance(module, (DistributedDataParallel, DataParallel, AveragedModel)):
        return "module"
    return _COMPILED if _COMPILED in module._modules else None


def _name(model: nn.Module) -> str:
    return type(plain(model)).__name__


def _shape(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "scalar"


def _first(names: list[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
