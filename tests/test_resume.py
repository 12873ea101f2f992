"""A run that is killed at any moment goes on from its last checkpoint, and ends as if it had never been broken off."""

import importlib
import itertools
import os
import random
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.optim import Adam

from unstuck.checkpoint import latest, restore, save
from unstuck.data import load
from unstuck.loop import fit
from unstuck.models import MLP
from unstuck.observers import Checkpointer
from unstuck.run import Observer, Run

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows knows no SIGKILL")

FORKED = get_context("forkserver") if os.name != "nt" else get_context()  # so that a run costs no imports


@pytest.fixture(scope="module")
def killable() -> Iterator[ModuleType]:
    """Return the runs to kill, imported here and in the server that forks a process for each."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(Path(__file__).parent)
        patch.setenv("PYTHONPATH", str(Path(__file__).parent), prepend=os.pathsep)  # for the server's own imports
        FORKED.set_forkserver_preload(["killable", "pytest"])
        yield importlib.import_module("killable")


def live(function: Callable[..., None], *arguments: Any) -> int | None:
    """Call a function in a process of its own, to its end, and return how that went."""
    process = FORKED.Process(target=function, args=arguments)
    process.start()
    process.join()
    return process.exitcode


def live_and_be_killed(function: Callable[..., None], *arguments: Any, steps: int, delay: float) -> list[int]:
    """Kill that process some seconds after its n-th step, and return the steps that it told of."""
    reader, writer = FORKED.Pipe(duplex=False)
    process = FORKED.Process(target=function, args=(*arguments, writer))
    process.start()
    writer.close()
    told: list[int] = []
    try:
        while len(told) < steps:
            told.append(reader.recv())
        time.sleep(delay)
        os.kill(process.pid or 0, signal.SIGKILL)
    except EOFError:
        pass  # it came to its end first
    process.join()
    reader.close()
    return told


def differences(first: Any, second: Any, name: str = "") -> list[str]:
    """Return where two values differ, in the last bit at least."""
    if isinstance(first, dict) and isinstance(second, dict) and first.keys() == second.keys():
        return [found for key in first for found in differences(first[key], second[key], f"{name}/{key}")]
    if isinstance(first, list) and isinstance(second, list) and len(first) == len(second):
        pairs = enumerate(zip(first, second, strict=True))
        return [found for index, (one, other) in pairs for found in differences(one, other, f"{name}/{index}")]
    equal = torch.equal(first, second) if isinstance(first, Tensor) else first == second
    return [] if equal else [name]


@pytest.mark.parametrize(("kind", "kills"), [("data", 4), ("loader", 2), ("generator", 2), ("worker", 1)])
def test_a_run_that_is_killed_again_and_again_ends_as_the_unbroken_one(
    kind: str, kills: int, killable: ModuleType, tmp_path: Path
) -> None:
    whole, folder, broken = tmp_path / "whole.pt", tmp_path / "checkpoints", tmp_path / "broken.pt"
    assert live(killable.train, kind, None, whole) == 0
    expected = torch.load(whole)
    assert expected["stopped"][0]
    assert len(expected["history"]["epochs"]["step"]) < killable.EPOCHS

    moments = random.Random(kind)
    starts = []
    for _ in range(kills):
        steps, delay = moments.randint(3, 8), moments.uniform(0, 4 * killable.THROTTLE)
        told = live_and_be_killed(killable.train, kind, folder, broken, steps=steps, delay=delay)
        starts += told[:1]
    starts += live_and_be_killed(killable.train, kind, folder, broken, steps=1000, delay=0)[:1]
    assert max(starts) > 4, "no life went on from a checkpoint"
    assert differences(torch.load(broken), expected) == []
    assert len(os.listdir(folder)) == 2, "the last two checkpoints, and nothing that a kill left behind"


@pytest.mark.parametrize("replaced", [False, True], ids=["new", "replaced"])
def test_a_kill_at_any_moment_of_writing_leaves_the_old_checkpoint_or_the_new_one(
    replaced: bool, killable: ModuleType, tmp_path: Path
) -> None:
    def weights(seed: int) -> Tensor:
        return killable.made_run(0, seed).model.weight

    old, new = weights(1), weights(2)
    found = []
    for moment in itertools.count(1):
        folder = tmp_path / str(moment)
        if replaced:
            save(killable.made_run(2, seed=1), folder)
        exitcode = live(killable.save_and_die, folder, moment)
        there = latest(folder)
        assert there is not None or not replaced
        if there:
            run = killable.made_run(0, seed=3)
            restore(run, folder)
            assert run.step == 2
            assert run.history.steps["loss"] == [1.0, 1.0] if torch.equal(run.model.weight, old) else [2.0, 2.0]
            found.append("new" if torch.equal(run.model.weight, new) else "old")
            assert torch.equal(run.model.weight, {"new": new, "old": old}[found[-1]])
        else:
            found.append("none")
        save(killable.made_run(3, seed=1), folder)
        expected = ["step-00000002"] * (there is not None) + ["step-00000003"]
        assert sorted(os.listdir(folder)) == expected, "what the kill left was cleared away"
        shutil.rmtree(folder)
        if exitcode == 0:
            break
        assert exitcode == -signal.SIGKILL
    before = "old" if replaced else "none"
    assert moment > 6
    assert found == [before] * found.count(before) + ["new"] * found.count("new")
    assert found.count(before) > 3
    assert found[-1] == "new"


def test_a_run_that_was_to_stop_after_its_epoch_ends_it_when_it_is_resumed(tmp_path: Path) -> None:
    class BrokenError(Exception):
        pass

    class Stops(Observer):
        """Asks for an end at the second step, and breaks the run off at the third."""

        def __init__(self, breaks: bool) -> None:
            self.breaks = breaks

        def on_step(self, run: Run) -> None:
            if run.step == 2:
                run.stop()
            if run.step == 3 and self.breaks:
                raise BrokenError

    def train(*, breaks: bool = False, **settings: Any) -> Run:
        torch.manual_seed(0)
        observers = [Stops(breaks), Checkpointer(tmp_path, every_steps=1)] if breaks else [Stops(breaks)]
        batches = [tuple(load("digits").test)] * 4
        return fit(MLP(8), batches, optimizer=partial(Adam, lr=0.01), epochs=5, observers=observers, **settings)

    whole = train()
    with pytest.raises(BrokenError):
        train(breaks=True)
    resumed = train(resume=tmp_path)
    assert (len(resumed.history), resumed.step) == (1, 4)
    assert resumed.history.to_dict() == whole.history.to_dict()
