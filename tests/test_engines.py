"""The engines and precisions: the eager float32 trajectory, or a refusal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.optim import lr_scheduler
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader, TensorDataset

from unstuck import engines, optim
from unstuck.data import load
from unstuck.engines import compiled, graphed
from unstuck.loop import fit
from unstuck.losses import cross_entropy
from unstuck.models import MLP, CIFARNet
from unstuck.run import Observer, Run
from unstuck.step import make_step

DATA = load("digits")
SGD = partial(torch.optim.SGD, lr=0.1, momentum=0.9)
Make = Callable[[], nn.Module]
SMALL = partial(MLP, 32)

# how far a run of two epochs may stray from eager float32: relative, or as share of the first loss
TOLERANCE = {"float32": 1e-4, "tf32": 0.02, "bfloat16": 0.1, "float16": 0.05}


def fresh(make: Make = SMALL) -> nn.Module:
    torch.manual_seed(0)
    return make()


def losses(device: str, make: Make = SMALL, optimizer: Any = SGD, **settings: Any) -> list[float]:
    run = fit(fresh(make), DATA, optimizer=optimizer, epochs=2, evaluate_on=(), device=device, **settings)
    return run.history.steps["loss"]


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
@pytest.mark.parametrize("make", [SMALL, partial(CIFARNet, in_shape=(1, 8, 8))])
def test_half_precision_keeps_to_the_trajectory_and_the_weights_in_float32(make: Make, precision: str) -> None:
    expected = losses("cpu", make)
    model = fresh(make)
    run = fit(model, DATA, optimizer=SGD, epochs=2, precision=precision, device="cpu")
    assert run.history.steps["loss"] == pytest.approx(expected, abs=TOLERANCE[precision] * expected[0])
    assert run.history.steps["loss"] != expected
    assert {param.dtype for param in model.parameters()} == {torch.float32}
    assert run.final("test_accuracy") > 0.7


def test_the_model_computes_in_half_precision_and_the_loss_in_float32() -> None:
    seen: dict[str, set[torch.dtype]] = {"model": set(), "loss": set()}

    class Probe(MLP):
        def forward(self, x: Tensor) -> Tensor:
            output = super().forward(x)
            if self.training or len(seen["model"]):  # the check of the first batch runs in float32
                seen["model"].add(output.dtype)
            return output

    def loss(output: Tensor, y: Tensor) -> Tensor:
        seen["loss"].add(output.dtype)
        return cross_entropy(output, y)

    fit(fresh(Probe), DATA, loss, SGD, precision="bfloat16", device="cpu")
    assert seen == {"model": {torch.bfloat16}, "loss": {torch.float32}}


def test_float16_leaves_a_step_out_whose_gradients_overflow() -> None:
    model = fresh()
    before = nn.utils.parameters_to_vector(model.parameters()).detach().clone()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    step = make_step(model, lambda output, y: 1e30 * cross_entropy(output, y), optimizer, precision="float16")
    step(*DATA.test)
    after = nn.utils.parameters_to_vector(model.parameters()).detach()
    assert torch.equal(after, before)
    assert step.scaler
    assert step.scaler.get_scale() < 2**16


def test_float16_keeps_gradients_that_would_vanish() -> None:
    tiny = 1e-5  # the gradients by the outputs lie below the smallest number of float16
    updates = {}
    for precision in ("float32", "float16"):
        model = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
        nn.init.zeros_(model[1].weight)
        nn.init.zeros_(model[1].bias)
        optimizer = torch.optim.SGD(model.parameters(), lr=1 / tiny)
        make_step(model, lambda o, y: tiny * cross_entropy(o, y), optimizer, precision=precision)(*DATA.test)  # type: ignore[arg-type]
        updates[precision] = model[1].weight.detach().clone()
    assert (updates["float16"] - updates["float32"]).norm() < 0.01 * updates["float32"].norm()


@pytest.mark.parametrize("accumulate", [3, 64, 1000])
def test_a_batch_in_parts_is_the_whole_batch(accumulate: int) -> None:
    assert losses("cpu", accumulate=accumulate) == pytest.approx(losses("cpu"), rel=1e-4)


def test_gradients_are_clipped_to_a_norm() -> None:
    model = fresh()
    x, y = DATA.test
    expected = torch.autograd.grad(cross_entropy(model(x), y), list(model.parameters()))
    norm = torch.cat([grad.flatten() for grad in expected]).norm()
    make_step(model, cross_entropy, torch.optim.SGD(model.parameters(), lr=0.0), clip=0.01)(x, y)
    clipped = torch.cat([param.grad.flatten() for param in model.parameters() if param.grad is not None])
    assert clipped.norm() == pytest.approx(0.01, rel=1e-3)
    torch.testing.assert_close(clipped * norm / 0.01, torch.cat([g.flatten() for g in expected]), rtol=1e-3, atol=1e-5)
    assert losses("cpu", clip=1e9) == losses("cpu")
    assert losses("cpu", clip=0.01, precision="float16")[-1] == pytest.approx(losses("cpu", clip=0.01)[-1], rel=0.01)


def test_the_average_is_that_of_swa_utils_and_is_measured_beside_the_weights() -> None:
    class Norm(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Sequential(nn.Flatten(), nn.Linear(64, 16), nn.BatchNorm1d(16), nn.Linear(16, 10))

        def forward(self, x: Tensor) -> Tensor:
            return self.body(x)

    model, by_hand = fresh(Norm), None

    class ByHand(Observer):
        def on_start(self, run: Run) -> None:
            nonlocal by_hand
            by_hand = AveragedModel(run.model, multi_avg_fn=get_ema_multi_avg_fn(0.9))

        def on_step(self, run: Run) -> None:
            assert by_hand
            by_hand.update_parameters(run.model)

    run = fit(model, DATA, optimizer=SGD, epochs=2, ema=0.9, observers=[ByHand()], device="cpu")
    assert run.average is not None
    assert by_hand is not None
    state, expected = run.average.state_dict(), by_hand.state_dict()
    assert state.keys() == expected.keys()
    assert all(torch.equal(state[name], expected[name]) for name in state)
    assert {"test_loss", "ema_test_loss", "ema_test_accuracy"} < set(run.history.epochs)
    assert run.final("ema_test_loss") != run.final("test_loss")
    assert run.history.steps["loss"] == losses("cpu", Norm)


def test_images_are_laid_out_as_convolutions_want_them() -> None:
    seen = []

    class Probe(CIFARNet):
        def forward(self, x: Tensor) -> Tensor:
            seen.append(x.is_contiguous(memory_format=torch.channels_last))
            return super().forward(x)

    make = partial(Probe, in_shape=(3, 8, 8))
    data = DATA.map_splits(lambda split: replace(split, x=split.x.repeat(1, 3, 1, 1)))
    runs = []
    for channels_last in (True, False):
        seen.clear()
        model = fresh(make)
        run = fit(model, data, optimizer=SGD, evaluate_on=(), channels_last=channels_last, device="cpu")
        assert seen[-1] == channels_last
        assert model.conv2.weight.is_contiguous(memory_format=torch.channels_last) == channels_last
        runs.append(run.history.steps["loss"])
    assert runs[0] == pytest.approx(runs[1], rel=1e-3)


def test_a_compiled_step_keeps_to_the_trajectory_also_in_a_short_last_batch() -> None:
    calls = []

    def backend(module: Any, _inputs: Any) -> Any:
        calls.append(module)
        return module.forward

    def run(compile_it: bool) -> list[Tensor]:
        model = fresh()
        optimizer = SGD(model.parameters())
        schedule = lr_scheduler.ExponentialLR(optimizer, 0.9)
        step = make_step(model, cross_entropy, optimizer, clip=1.0, accumulate=2)
        if compile_it:
            step = compiled(step, backend=backend)
        seen = []
        for _ in range(2):
            for x, y in DATA.train.batches(64, shuffle=True):
                seen.append(step(x, y))
                schedule.step()
        return seen

    torch.testing.assert_close(run(compile_it=True), run(compile_it=False), rtol=1e-5, atol=1e-6)
    assert 1 <= len(calls) <= 3  # once for each length of a part (64 / 2, 45 in 23 and 22), not once for each rate


def test_every_one_of_many_models_is_compiled_and_none_of_them_twice() -> None:
    calls = []

    def backend(module: Any, _inputs: Any) -> Any:
        calls.append(module)
        return module.forward

    for width in [*range(21, 33), *range(21, 33)]:
        model = fresh(partial(MLP, width))
        step = compiled(make_step(model, cross_entropy, SGD(model.parameters())), backend=backend)
        step(*DATA.test)
    assert len(calls) == 12


def test_the_compiled_engine_keeps_to_the_trajectory() -> None:
    assert losses("cpu", engine="compiled") == pytest.approx(losses("cpu"), rel=TOLERANCE["float32"])


class TapeRecorder:
    """Stands in for a GPU: a recording that, when it is played, does again what was done, into the same tensors."""

    params: tuple[nn.Parameter, ...] = ()

    def __init__(self, _device: torch.device) -> None:
        self.warmed = self.played = 0

    def warm(self, call: Callable[[], Tensor]) -> Tensor:
        self.warmed += 1
        return call()

    def record(self, call: Callable[[], Tensor]) -> Tensor:
        assert all(param.grad is None for param in self.params)
        for param in self.params:
            param.grad = torch.zeros_like(param)
        self.call, self.output = call, torch.full((), torch.nan)
        self.grads = [param.grad for param in self.params]
        return self.output

    def replay(self) -> None:
        self.played += 1
        self.output.copy_(self.call())
        for param, grad in zip(self.params, self.grads, strict=True):
            assert grad is not None
            assert param.grad is not None
            grad.copy_(param.grad)


@pytest.fixture
def tape(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "_Recorder", TapeRecorder)
    monkeypatch.setattr(engines, "_check_recordable", lambda step: None)


@pytest.mark.usefixtures("tape")
def test_a_recorded_step_follows_rates_short_batches_and_the_average() -> None:
    def run(record: bool) -> tuple[list[Tensor], Tensor, list[Tensor]]:
        model = fresh()
        optimizer = SGD(model.parameters(), fused=True)
        schedule = lr_scheduler.ExponentialLR(optimizer, 0.9)
        average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.9))
        step: Any = make_step(model, cross_entropy, optimizer, average=average)
        TapeRecorder.params = tuple(model.parameters())
        if record:
            step = graphed(step)
        seen, grads = [], []
        for epoch in range(3):
            for x, y in DATA.train.batches(64, shuffle=True, seed=epoch):
                seen.append(step(x, y))
                grads.append(model.output.bias.grad.clone())
                schedule.step()
            if epoch == 1:
                optimizer.param_groups[0]["lr"] = 0.03  # a number, where the recording reads a tensor
        if record:
            assert step._recorder.warmed == 3
            assert step._recorder.played == 3 * 18 - 3
        return seen, nn.utils.parameters_to_vector(average.module.parameters()).detach(), grads

    torch.testing.assert_close(run(record=True), run(record=False), rtol=1e-5, atol=1e-6)


@pytest.mark.usefixtures("tape")
def test_the_batch_that_is_recorded_is_the_one_that_comes_again() -> None:
    model = fresh()
    TapeRecorder.params = tuple(model.parameters())
    step: Any = graphed(make_step(model, cross_entropy, SGD(model.parameters())))
    x, y = DATA.test
    for rows in (5, 64, 64, 64, 64, 5, 64):  # a run that is resumed may begin with a short batch
        step(x[:rows], y[:rows])
    assert (step._recorder.warmed, step._recorder.played) == (4, 2)


@pytest.mark.usefixtures("tape")
def test_a_recorded_step_refuses_settings_that_would_have_no_effect() -> None:
    model = fresh()
    optimizer = SGD(model.parameters())
    TapeRecorder.params = tuple(model.parameters())
    step = graphed(make_step(model, cross_entropy, optimizer))
    for _ in range(5):
        step(*DATA.test)
    optimizer.param_groups[0]["momentum"] = 0.5
    with pytest.raises(ValueError, match="settings were changed after its step was recorded"):
        step(*DATA.test)
    with pytest.raises(ValueError, match="no weights"):
        step(*DATA.test, 0.5)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"engine": "jit"}, "engine must be one of eager, compiled, graphed, got 'jit'"),
        ({"engine": "graphed"}, "needs a CUDA device, and the model lies on cpu"),
        ({"engine": "graphed", "precision": "float16"}, "whether to leave a step out is decided on the CPU"),
        ({"engine": "graphed", "optimizer": partial(optim.SGD, lr=0.1)}, "cannot record unstuck.optim.optimizers.SGD"),
        ({"engine": "graphed", "optimizer": partial(torch.optim.LBFGS, lr=0.1)}, "cannot record torch.optim.lbfgs"),
        ({"engine": "graphed", "optimizer": partial(torch.optim.Adagrad, lr=0.1)}, "cannot record.*Adagrad"),
        ({"precision": "float16", "optimizer": partial(torch.optim.LBFGS, lr=0.1)}, "LBFGS evaluates the loss several"),
        ({"precision": "tf32"}, "tf32.*needs a CUDA device"),
        ({"precision": "half"}, "precision must be one of float32, tf32, bfloat16, float16, got 'half'"),
        ({"clip": 0.0}, "clip must be above 0, got 0.0"),
        ({"clip": float("nan")}, "clip must be above 0, got nan"),
        ({"accumulate": 0}, "accumulate must be at least 1, got 0"),
        ({"ema": 1.0}, "ema must be above 0 and below 1, got 1.0"),
        ({"nonfinite": "go on"}, "nonfinite must be 'stop' or 'ignore', got 'go on'"),
    ],
)
def test_what_cannot_be_had_is_refused(settings: dict[str, Any], message: str) -> None:
    model = fresh()
    before = [param.detach().clone() for param in model.parameters()]
    with pytest.raises(ValueError, match=message):
        fit(model, DATA, **{"optimizer": SGD, "device": "cpu", **settings})
    assert all(map(torch.equal, before, model.parameters()))


CONVNET = partial(CIFARNet, in_shape=(1, 8, 8))
ADAM = partial(torch.optim.Adam, lr=3e-3, fused=True)


@pytest.mark.cuda
@pytest.mark.parametrize("make", [SMALL, CONVNET])
@pytest.mark.parametrize("optimizer", [SGD, partial(SGD, fused=True), ADAM, partial(torch.optim.AdamW, lr=3e-3)])
@pytest.mark.parametrize(
    ("engine", "precision"),
    [(engine, precision) for engine in ("eager", "compiled", "graphed") for precision in TOLERANCE],
)
def test_every_engine_and_precision_keeps_to_the_trajectory(
    engine: str, precision: str, optimizer: Any, make: Make
) -> None:
    if (engine, precision) == ("graphed", "float16"):
        pytest.skip("refused: see above")
    settings = {"schedule": partial(lr_scheduler.ExponentialLR, gamma=0.97), "schedule_every": "step", "ema": 0.9}
    expected = losses("cuda", make, optimizer, **settings)
    found = losses(
        "cuda", make, optimizer, engine=engine, precision=precision, channels_last=True, clip=5.0, **settings
    )
    tight = losses("cuda", make, optimizer, clip=5.0, **settings)
    assert expected[0] == pytest.approx(tight[0])
    assert found == pytest.approx(tight, abs=TOLERANCE[precision] * tight[0])


@pytest.mark.cuda
def test_a_graph_takes_dropout_and_gives_every_step_other_masks() -> None:
    make = lambda: nn.Sequential(nn.Dropout(0.5), MLP(32))  # noqa: E731
    batches = [tuple(DATA.test)] * 8
    run = fit(
        fresh(make), batches, optimizer=partial(torch.optim.SGD, lr=0.0), epochs=1, engine="graphed", device="cuda"
    )
    assert len(set(run.history.steps["loss"])) == 8


@pytest.mark.cuda
@pytest.mark.parametrize("engine", ["eager", "compiled", "graphed"])
@pytest.mark.parametrize("precision", ["float32", "tf32", "bfloat16", "float16"])
def test_nothing_in_the_inner_loop_waits_for_the_gpu(engine: str, precision: str) -> None:
    if (engine, precision) == ("graphed", "float16"):
        pytest.skip("refused: see above")

    class Watch(Observer):
        def on_step(self, run: Run) -> None:
            if run.batch == 1:  # what happens once a run is behind us, and what happens once an epoch too
                torch.cuda.set_sync_debug_mode("error" if len(run.history) else "default")
            if run.batch == run.batches:
                torch.cuda.set_sync_debug_mode("default")

    try:
        run = fit(
            fresh(CONVNET),
            DATA,
            optimizer=ADAM,
            schedule=partial(lr_scheduler.ExponentialLR, gamma=0.97),
            schedule_every="step",
            epochs=3,
            batch_size=63,  # of 1,197: no short batch
            observers=[Watch()],
            engine=engine,
            precision=precision,
            channels_last=True,
            clip=1.0,
            ema=0.9,
            device="cuda",
        )
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert len(run.history) == 3


@pytest.mark.cuda
def test_a_strangers_loader_is_pinned_and_not_waited_for() -> None:
    loader = DataLoader(TensorDataset(*DATA.train), batch_size=63, shuffle=True, pin_memory=True)
    run = fit(fresh(), {"train": loader}, optimizer=SGD, epochs=2, engine="graphed", device="cuda")
    assert run.history["loss"][1] < run.history["loss"][0]
