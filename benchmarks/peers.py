"""One training, as a user of each library would write it after that library's own documentation.

Every function here prepares everything (model, optimiser, loader, trainer) and returns a function that trains; only
that one is timed.
What a library offers beside training (checkpoints, loggers, bars, validation) is switched off where it can be.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset


@dataclass(frozen=True)
class Task:
    """What every contestant trains: a model from the same weights, on the same rows, by SGD with momentum.

    Attributes
    ----------
    model
        Its weights are where all begin; each trains a copy.
    x, y
        The training set, in memory.
    device
        Where to train.
    """

    model: nn.Module
    x: Tensor
    y: Tensor
    batch: int
    epochs: int
    lr: float
    momentum: float
    device: torch.device

    def fresh(self) -> nn.Module:
        """Return a copy of the model, on the device."""
        return copy.deepcopy(self.model).to(self.device)

    def optimizer(self, model: nn.Module, **options: bool) -> torch.optim.SGD:
        """Return the optimiser."""
        return torch.optim.SGD(model.parameters(), lr=self.lr, momentum=self.momentum, **options)

    def loader(self) -> DataLoader[tuple[Tensor, ...]]:
        """Return the loader that PyTorch's tutorials make: shuffled, in this process; pinned for a GPU."""
        dataset = TensorDataset(self.x, self.y)
        return DataLoader(dataset, batch_size=self.batch, shuffle=True, pin_memory=self.device.type == "cuda")


Train = Callable[[], nn.Module]


def loader(task: Task) -> Train:
    """Prepare the loop of PyTorch's own tutorials."""
    model, batches = task.fresh(), task.loader()
    optimizer = task.optimizer(model)

    def train() -> nn.Module:
        model.train()
        for _ in range(task.epochs):
            for x, y in batches:
                x, y = x.to(task.device, non_blocking=True), y.to(task.device, non_blocking=True)
                optimizer.zero_grad()
                loss = F.cross_entropy(model(x), y)
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
        return model

    return train


def ignite(task: Task) -> Train:
    """Prepare ignite's supervised trainer."""
    from ignite.engine import create_supervised_trainer

    model, batches = task.fresh(), task.loader()
    trainer = create_supervised_trainer(model, task.optimizer(model), F.cross_entropy, device=task.device)

    def train() -> nn.Module:
        trainer.run(batches, max_epochs=task.epochs)
        return model

    return train


def fabric(task: Task) -> Train:
    """Prepare a loop with Lightning Fabric."""
    from lightning.fabric import Fabric

    helper = Fabric(accelerator=task.device.type, devices=1)
    plain = task.fresh()
    model, optimizer = helper.setup(plain, task.optimizer(plain))
    batches = helper.setup_dataloaders(task.loader())

    def train() -> nn.Module:
        model.train()
        for _ in range(task.epochs):
            for x, y in batches:
                optimizer.zero_grad()
                loss = F.cross_entropy(model(x), y)
                helper.backward(loss)
                optimizer.step()
        return plain

    return train


def accelerate(task: Task) -> Train:
    """Prepare a loop with Accelerate."""
    from accelerate import Accelerator

    helper = Accelerator(cpu=task.device.type == "cpu")
    plain = task.fresh()
    model, optimizer, batches = helper.prepare(plain, task.optimizer(plain), task.loader())

    def train() -> nn.Module:
        model.train()
        for _ in range(task.epochs):
            for x, y in batches:
                optimizer.zero_grad()
                loss = F.cross_entropy(model(x), y)
                helper.backward(loss)
                optimizer.step()
        return plain

    return train


def skorch(task: Task) -> Train:
    """Prepare skorch's classifier, without a validation split and without its printed table."""
    from skorch import NeuralNetClassifier

    net = NeuralNetClassifier(
        task.fresh(),
        criterion=nn.CrossEntropyLoss,
        optimizer=torch.optim.SGD,
        optimizer__momentum=task.momentum,
        lr=task.lr,
        batch_size=task.batch,
        max_epochs=task.epochs,
        iterator_train__shuffle=True,
        train_split=None,
        callbacks__print_log=None,
        device=task.device.type,
    )
    net.initialize()

    def train() -> nn.Module:
        net.partial_fit(task.x, task.y)  # fit would begin by making the optimiser anew
        module: nn.Module = net.module_
        return module

    return train


def lightning(task: Task) -> Train:
    """Prepare Lightning's trainer, without logger, checkpoints, bar and summary."""
    import lightning

    for name in ("lightning", "lightning.pytorch"):
        logging.getLogger(name).setLevel(logging.ERROR)  # it reports the hardware, and advertises

    class Module(lightning.LightningModule):  # type: ignore[misc,name-defined,unused-ignore]
        def __init__(self) -> None:
            super().__init__()
            self.model = task.fresh()

        def training_step(self, batch: tuple[Tensor, Tensor], index: int) -> Tensor:
            x, y = batch
            return F.cross_entropy(self.model(x), y)

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return task.optimizer(self.model)

    module, batches = Module(), task.loader()
    trainer = lightning.Trainer(
        accelerator=task.device.type,
        devices=1,
        max_epochs=task.epochs,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )

    def train() -> nn.Module:
        trainer.fit(module, batches)
        return module.model

    return train


def fastai(task: Task) -> Train:
    """Prepare fastai's learner as its page on migrating from PyTorch does, without bar, log and validation."""
    import fastai.callback.progress  # noqa: F401 - gives the learner no_bar and no_logging
    from fastai.callback.core import Callback, CancelValidException
    from fastai.data.core import DataLoaders
    from fastai.learner import Learner
    from fastai.optimizer import OptimWrapper

    class NoValidation(Callback):  # type: ignore[misc,unused-ignore]
        def before_validate(self) -> None:
            raise CancelValidException

    batches = task.loader()
    learner = Learner(
        DataLoaders(batches, batches, device=task.device),
        task.fresh(),
        loss_func=F.cross_entropy,
        opt_func=partial(OptimWrapper, opt=partial(torch.optim.SGD, momentum=task.momentum)),
        cbs=NoValidation(),
    )

    def train() -> nn.Module:
        with learner.no_bar(), learner.no_logging():
            learner.fit(task.epochs, lr=task.lr)
        model: nn.Module = learner.model
        return model

    return train


# What is timed under which name, and the package whose version the record gives.
PEERS: dict[str, tuple[str, Callable[[Task], Train]]] = {
    "DataLoader loop": ("torch", loader),
    "ignite": ("pytorch-ignite", ignite),
    "Fabric": ("lightning", fabric),
    "skorch": ("skorch", skorch),
    "accelerate": ("accelerate", accelerate),
    "Lightning Trainer": ("lightning", lightning),
    "fastai": ("fastai", fastai),
}
