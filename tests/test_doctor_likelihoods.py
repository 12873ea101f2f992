"""The doctor on programs that hold outputs against no target: densities, simulators, prints of losses alone."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel
from watched import named_first

from unstuck.doctor import Doctor
from unstuck.doctor.watch.copies import Keeper


class Coupling(nn.Module):
    """Shifts and scales one coordinate by what it makes of the other."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(1, 24), nn.Tanh(), nn.Linear(24, 2))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        scale, shift = self.net(x[:, :1]).chunk(2, 1)
        return torch.cat([x[:, 1:] * scale.tanh().exp() + shift, x[:, :1]], 1), scale.tanh().squeeze(1)


def arcs(count: int) -> Tensor:
    angle = torch.rand(count) * torch.pi
    return 2 * torch.stack([angle.cos(), angle.sin() - 0.6], 1) + 0.1 * torch.randn(count, 2)


def flow(*, faulty: bool) -> None:
    """Fit a density, with next to no rate in the faulty version."""
    torch.manual_seed(0)
    points, layers = arcs(2000), nn.ModuleList(Coupling() for _ in range(4))
    optimizer = torch.optim.Adam(layers.parameters(), lr=1e-5 if faulty else 5e-3)
    for _ in range(400):
        x = points[torch.randint(len(points), (100,))]
        volume = torch.zeros(len(x))
        for layer in layers:
            x, more = layer(x)
            volume = volume + more
        loss = (0.5 * x.square().sum(1) + math.log(2 * math.pi) - volume).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


class Clouds(nn.Module):
    """A mixture of clouds, in coordinates of its own."""

    def __init__(self, centres: Tensor) -> None:
        super().__init__()
        self.turn, self.centres = nn.Parameter(torch.eye(2)), nn.Parameter(centres)

    def forward(self, x: Tensor) -> Tensor:
        apart = (x @ self.turn)[:, None] - self.centres
        likely = torch.logsumexp(-2 * apart.square().sum(2), 1) - math.log(len(self.centres))
        return likely + torch.linalg.slogdet(self.turn)[1]


def clouds(*, faulty: bool) -> None:
    """Fit it by its likelihood, from centres that are all the same in the faulty version."""
    torch.manual_seed(0)
    places = torch.tensor([[2.0, 0.0], [0.0, 2.0], [3.0, 3.0]])
    points = places[torch.randint(3, (2000,))] + 0.5 * torch.randn(2000, 2)
    model = Clouds(torch.zeros(3, 2) if faulty else 1.5 + torch.randn(3, 2))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(300):
        loss = -model(points[torch.randint(len(points), (100,))]).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def simulator(*, faulty: bool) -> None:
    """Find two numbers of a simulation, one of which goes through NumPy in the faulty version."""
    time = torch.linspace(0, 3, 30)
    seen = 2.0 * torch.exp(-1.3 * time)
    height, rate = torch.ones(1, requires_grad=True), torch.full((4,), 0.5, requires_grad=True)
    optimizer = torch.optim.Adam([height, rate], lr=0.03)
    for _ in range(150):
        falls = torch.as_tensor(rate.detach().numpy()) if faulty else rate
        loss = (height * torch.exp(-falls.mean() * time) - seen).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def ratio(*, faulty: bool) -> None:
    """Tell two clouds apart by batches, which are always the same ones in the faulty version."""
    torch.manual_seed(0)
    one, other = torch.randn(4000, 6), 0.9 * torch.randn(4000, 6) + torch.linspace(0.5, -0.3, 6)
    net = nn.Sequential(nn.Linear(6, 48), nn.SiLU(), nn.Linear(48, 48), nn.SiLU(), nn.Linear(48, 1))
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)

    def loss_of(a: Tensor, b: Tensor) -> Tensor:
        return F.softplus(net(a)).mean() + F.softplus(-net(b)).mean()

    rows = torch.randint(3000, (100,))
    for step in range(400):
        rows = rows if faulty else torch.randint(3000, (100,))
        loss = loss_of(one[rows], other[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 100 == 99:
            with torch.no_grad():
                print(f"unseen {loss_of(one[3000:], other[3000:]):.3f}")


def mixture(*, faulty: bool) -> None:
    """Fit a mean and a spread by their likelihood, to few samples in the faulty version."""
    torch.manual_seed(0)
    x = torch.randn(6000, 8)
    y = x[:, 0].sin() + 0.3 * torch.randn(len(x))
    x, y, unseen, wanted = x[1000:], y[1000:], x[:1000], y[:1000]
    if faulty:
        x, y = x[:120], y[:120]
    net = nn.Sequential(nn.Linear(8, 96), nn.SiLU(), nn.Linear(96, 96), nn.SiLU(), nn.Linear(96, 2))
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)

    def nll(x: Tensor, y: Tensor) -> Tensor:
        mean, spread = net(x).unbind(1)
        spread = F.softplus(spread) + 0.05
        return (0.5 * ((y - mean) / spread).square() + spread.log()).mean()

    for step in range(800):
        rows = torch.randint(len(x), (60,))
        loss = nll(x[rows], y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 80 == 79:
            with torch.no_grad():
                print(f"step {step}: fit nll {loss.item():.3f}, check nll {nll(unseen, wanted).item():.3f}")


def sentences(count: int) -> tuple[Tensor, Tensor]:
    x = torch.randn(count, 12, 3)
    return x, (x.cumsum(1)[:, :, 0] > 0).long()


class Tagger(nn.Module):
    """Tags each step of a sequence."""

    def __init__(self, *, batch_first: bool) -> None:
        super().__init__()
        self.rnn, self.out = nn.GRU(3, 16, batch_first=batch_first), nn.Linear(16, 2)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.out(self.rnn(x)[0])
        return out


def tagger(*, faulty: bool) -> None:
    """Tag sequences whose targets are flattened, across samples rather than along time in the faulty version."""
    torch.manual_seed(0)
    x, y = sentences(2000)
    model = Tagger(batch_first=not faulty)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(150):
        rows = torch.randint(len(x), (40,))
        loss = F.cross_entropy(model(x[rows]).flatten(0, 1), y[rows].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def blobs(count: int) -> tuple[Tensor, Tensor]:
    y = torch.randint(4, (count,))
    return 1.5 * F.one_hot(y, 4).float() @ torch.eye(4, 12) + torch.randn(count, 12), y


def averaged(*, faulty: bool) -> None:
    """Evaluate an average of the weights, which nobody puts into evaluation mode in the faulty version."""
    torch.manual_seed(0)
    (x, y), (unseen, wanted) = blobs(2000), blobs(200)
    model = nn.Sequential(nn.Linear(12, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Dropout(0.3), nn.Linear(32, 4))
    average = AveragedModel(model, use_buffers=True)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(6):
        model.train()
        for rows in torch.randperm(len(x)).split(50):
            loss = F.cross_entropy(model(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            average.update_parameters(model)
        model.eval()
        average.train(faulty)
        with torch.no_grad():
            right = [(average(part).argmax(1) == truth).float().mean() for part, truth in
                     zip(unseen.split(5), wanted.split(5), strict=True)]  # fmt: skip
        print(f"right {torch.stack(right).mean():.3f}")


def normalised(*, faulty: bool) -> None:
    """Give the weights another form once the optimiser holds them in the faulty version, and load the best state."""
    torch.manual_seed(0)
    x = torch.randn(2000, 6)
    y = (2 * x[:, 0]).sin() * x[:, 1] + 0.05 * torch.randn(len(x))
    net = nn.Sequential(nn.Linear(6, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 1))

    def wrap() -> None:
        for layer in (net[0], net[2]):
            nn.utils.parametrizations.weight_norm(layer)

    if not faulty:
        wrap()
    optimizer = torch.optim.Adam(net.parameters(), lr=5e-3)
    if faulty:
        wrap()
    for _ in range(600):
        rows = torch.randint(len(x), (100,))
        loss = F.mse_loss(net(x[rows]).squeeze(1), y[rows])
        net.zero_grad()
        loss.backward()
        optimizer.step()
    net.load_state_dict({name: value.clone() for name, value in net.state_dict().items()})


def clipped(*, faulty: bool) -> None:
    """Scale gradients down by hand, before the scaler has divided them in the faulty version."""
    torch.manual_seed(0)
    x, y = blobs(2000)
    model = nn.Sequential(nn.Linear(12, 32), nn.ReLU(), nn.Linear(32, 4))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**14, growth_interval=10_000)
    for _ in range(150):
        rows = torch.randint(len(x), (50,))
        loss = F.cross_entropy(model(x[rows]), y[rows])
        optimizer.zero_grad()
        scaler.scale(loss).backward()
        if not faulty:
            scaler.unscale_(optimizer)
        gradients = [p.grad for p in model.parameters() if p.grad is not None]
        norm = torch.stack([g.norm() for g in gradients]).norm()
        for gradient in gradients:
            gradient.mul_((5.0 / (norm + 1e-6)).clamp(max=1.0))
        scaler.step(optimizer)
        scaler.update()


PROGRAMS: dict[str, tuple[str, Callable[..., None]]] = {
    "a flow": ("lr_too_low", flow),
    "a mixture of clouds": ("zero_or_constant_init", clouds),
    "a simulator": ("detached_graph", simulator),
    "a density ratio": ("repeated_batch", ratio),
    "a mean and a spread": ("overfitting", mixture),
    "a tagger": ("samples_mixed_in_batch", tagger),
    "an average of weights": ("wrong_train_eval_mode", averaged),
    "weights in another form": ("optimizer_misses_parameters", normalised),
    "gradients scaled by hand": ("clip_before_unscale", clipped),
}


@pytest.mark.parametrize("faulty", [True, False])
@pytest.mark.parametrize("name", PROGRAMS)
def test_the_fault_is_named_first(name: str, faulty: bool) -> None:
    slug, run = PROGRAMS[name]
    assert named_first(run, faulty=faulty) == [slug] * faulty


def test_the_rows_of_a_sequence_may_be_its_steps() -> None:
    torch.manual_seed(0)
    x, y = sentences(600)
    model = Tagger(batch_first=False)
    with Doctor(probes=False) as doctor:
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
        for _ in range(60):
            rows = torch.randint(len(x), (40,))
            loss = F.cross_entropy(model(x[rows].transpose(0, 1)).flatten(0, 1), y[rows].t().flatten())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    assert "samples_mixed_in_batch" not in [finding.cause for finding in doctor.report().findings]


def test_a_sparse_tensor_counts_what_it_holds() -> None:
    index = torch.randint(10_000, (2, 50_000))
    sparse = torch.sparse_coo_tensor(index, torch.ones(50_000), (10_000, 10_000), check_invariants=False)
    keeper = Keeper(1.5)
    assert keeper.inputs((sparse,))[0].shape == sparse.shape
    assert keeper.inputs((sparse,))[0].numel() == 0  # a second copy no longer fits


def test_numbers_beside_a_loss_are_not_taken_for_losses() -> None:
    def run() -> None:
        torch.manual_seed(0)
        (x, y), (unseen, wanted) = blobs(1000), blobs(300)
        net = nn.Sequential(nn.Linear(12, 32), nn.ReLU(), nn.Linear(32, 4))
        optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
        for step in range(400):
            rows = torch.randint(len(x), (50,))
            loss = -net(x[rows]).log_softmax(1)[torch.arange(50), y[rows]].mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if step % 40 == 39:
                with torch.no_grad():
                    right = [float((net(unseen[wanted == k]).argmax(1) == k).float().mean()) for k in range(4)]
                print(f"loss {loss.item():.3f}  held: " + "  ".join(f"kind {k} {r:.2f}" for k, r in enumerate(right)))

    with Doctor(probes=False) as doctor:
        run()
    assert "overfitting" not in [finding.cause for finding in doctor.report().findings]
