"""The doctor on other families than classifiers and regressions: each fault is named first, and its cure is healthy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unstuck.data import load
from unstuck.doctor import Doctor
from unstuck.doctor.scores import score_of
from unstuck.doctor.watch.tape import Op, producers_of

DIGITS = load("digits")
X, Y = DIGITS.train.x[:800].flatten(1), DIGITS.train.y[:800]


def descend(
    parameters: Iterable[Tensor], loss_of: Callable[[Tensor], Tensor], steps: int = 200, lr: float = 3e-3
) -> None:
    """Take steps with Adam on a loss of some rows."""
    optimizer = torch.optim.Adam(parameters, lr=lr)
    for _ in range(steps):
        loss = loss_of(torch.randint(len(X), (50,)))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


class Chain(nn.Module):
    """The scores of which tag follows which, whose method is used, and never itself."""

    def __init__(self, tags: int) -> None:
        super().__init__()
        self.follows = nn.Parameter(0.1 * torch.randn(tags, tags))

    def score(self, emissions: Tensor, tags: Tensor) -> Tensor:
        chosen = emissions.gather(2, tags[..., None]).squeeze(2).sum(1)
        return chosen + self.follows[tags[:, :-1], tags[:, 1:]].sum(1)

    def nll(self, emissions: Tensor, tags: Tensor) -> Tensor:
        alpha = emissions[:, 0]
        for t in range(1, emissions.shape[1]):
            alpha = torch.logsumexp(alpha[:, :, None] + self.follows, 1) + emissions[:, t]
        return (torch.logsumexp(alpha, 1) - self.score(emissions, tags)).mean()


def tagger(*, faulty: bool) -> None:
    """Tag sequences with a chain on top, which the optimiser misses in the faulty version."""
    torch.manual_seed(0)
    tags = torch.zeros(800, 8, dtype=torch.long)
    follows = torch.softmax(3 * torch.randn(4, 4), 1)
    for t in range(1, 8):
        tags[:, t] = torch.multinomial(follows[tags[:, t - 1]], 1).squeeze(1)
    words = torch.multinomial(torch.softmax(torch.randn(4, 12), 1)[tags.flatten()], 1).view(800, 8)
    network, chain = nn.Sequential(nn.Embedding(12, 16), nn.Linear(16, 4)), Chain(4)
    learnt = [*network.parameters()] if faulty else [*network.parameters(), *chain.parameters()]
    descend(learnt, lambda rows: chain.nll(network(words[rows]), tags[rows]), lr=1e-2)


class Flow(nn.Module):
    """Affine couplings, in a list of one kind or the other."""

    def __init__(self, keep: Callable[[list[nn.Module]], Iterable[nn.Module]]) -> None:
        super().__init__()
        self.shift = nn.Parameter(torch.zeros(2))
        self.couplings = keep([nn.Sequential(nn.Linear(1, 16), nn.Tanh(), nn.Linear(16, 2)) for _ in range(4)])

    def log_prob(self, x: Tensor) -> Tensor:
        volume = torch.zeros(len(x))
        for layer in self.couplings:
            scale, shift = layer(x[:, :1]).tanh().chunk(2, 1)
            x = torch.cat([x[:, 1:] * scale.exp() + shift, x[:, :1]], 1)
            volume = volume + scale.squeeze(1)
        return volume - 0.5 * (x + self.shift).square().sum(1)


def flow(*, faulty: bool) -> None:
    """Fit a density by a method of a module whose couplings it does not know of in the faulty version."""
    torch.manual_seed(0)
    angle = torch.rand(800) * torch.pi
    points = 2 * torch.stack([angle.cos(), angle.sin()], 1) + 0.1 * torch.randn(800, 2)
    model = Flow(list if faulty else nn.ModuleList)
    descend(model.parameters(), lambda rows: -model.log_prob(points[rows]).mean(), 300, lr=1e-2)


def student(*, faulty: bool) -> None:
    """Learn from a teacher's answers, which are in another order than the samples in the faulty version."""
    torch.manual_seed(0)
    teacher = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
    descend(teacher.parameters(), lambda rows: F.cross_entropy(teacher(X[rows]), Y[rows]))
    with torch.no_grad():
        answers = teacher(X)[torch.randperm(len(X)) if faulty else torch.arange(len(X))].softmax(1)
    model = nn.Sequential(nn.Linear(64, 24), nn.ReLU(), nn.Linear(24, 10))

    def loss(rows: Tensor) -> Tensor:
        out = model(X[rows])
        taught = F.kl_div(out.log_softmax(1), answers[rows], reduction="batchmean")
        return 0.8 * taught + 0.2 * F.cross_entropy(out, Y[rows])

    descend(model.parameters(), loss, 400)


class Autoencoder(nn.Module):
    """A variational autoencoder."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.decoder = nn.Linear(64, 12), nn.Linear(6, 64)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        mean, log_variance = self.encoder(x).chunk(2, 1)
        return self.decoder(mean + torch.randn_like(mean) * (0.5 * log_variance).exp()), mean, log_variance


def variational(*, faulty: bool) -> None:
    """Sum one term of the loss over each sample's numbers, and average the other in the faulty version."""
    torch.manual_seed(0)
    model, x = Autoencoder(), (X - X.mean()) / X.std()

    def loss(rows: Tensor) -> Tensor:
        out, mean, log_variance = model(x[rows])
        far = F.mse_loss(out, x[rows]) * (1 if faulty else 64)
        return far - 0.5 * (1 + log_variance - mean.square() - log_variance.exp()).sum(1).mean()

    descend(model.parameters(), loss, 600)


def reader(*, faulty: bool) -> None:
    """Read symbols with CTC, which are counted from the blank's index in the faulty version."""
    torch.manual_seed(0)
    shapes = torch.randn(5, 6)
    symbols = torch.randint(5, (800, 3))
    lines = shapes[symbols].flatten(1) + 0.1 * torch.randn(800, 18)
    model = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 6))

    def loss(rows: Tensor) -> Tensor:
        out = model(lines[rows].view(len(rows), 3, 6)).log_softmax(2).transpose(0, 1)
        sizes = torch.full((len(rows),), 3)
        return F.ctc_loss(out, symbols[rows] + (0 if faulty else 1), sizes, sizes, zero_infinity=True)

    descend(model.parameters(), loss)


def policy(*, faulty: bool) -> None:
    """Follow a policy's gradient uphill, or down in the faulty version."""
    torch.manual_seed(0)
    worth = torch.randn(6, 4)
    model = nn.Sequential(nn.Linear(6, 32), nn.Tanh(), nn.Linear(32, 4))
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(150):
        state = torch.randn(64, 6)
        choice = torch.distributions.Categorical(logits=model(state))
        action = choice.sample()
        reward = (state @ worth).gather(1, action[:, None]).squeeze(1)
        advantage = reward - reward.mean()
        gained = (choice.log_prob(action) * advantage).mean()
        loss = gained if faulty else -gained
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


FAMILIES: dict[str, tuple[str, Callable[..., None]]] = {
    "a chain of tags": ("optimizer_misses_parameters", tagger),
    "a flow": ("unregistered_parameters", flow),
    "a teacher and a student": ("labels_misaligned", student),
    "a variational autoencoder": ("loss_scale_wrong", variational),
    "a reader": ("label_index_error", reader),
    "a policy": ("loss_sign_flipped", policy),
}


@pytest.mark.parametrize("faulty", [True, False])
@pytest.mark.parametrize("name", FAMILIES)
def test_the_fault_of_a_family_is_named_first(name: str, faulty: bool) -> None:
    slug, run = FAMILIES[name]
    with Doctor() as doctor:
        run(faulty=faulty)
    assert [finding.cause for finding in doctor.report().findings][:1] == [slug] * faulty


def specks(count: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield batches of pictures in which one pixel in fifty is to be found."""
    for _ in range(count):
        mask = (torch.rand(20, 1, 12, 12) < 0.02).float()
        yield torch.randn_like(mask) + 2 * mask, mask


@pytest.mark.parametrize("weight", [1.0, 20.0])
def test_pixels_of_which_few_are_wanted_are_given_up(weight: float) -> None:
    def run() -> None:
        torch.manual_seed(0)
        model = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 1, 1))
        optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
        train, (unseen, wanted) = list(specks(30)), next(specks(1))
        for _ in range(8):
            for x, mask in train:
                loss = F.binary_cross_entropy_with_logits(model(x), mask, pos_weight=torch.tensor(weight))
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            with torch.no_grad():
                found = (model(unseen) > 0) == (wanted > 0)
            print(f"pixels right {found.float().mean():.3f}")

    with Doctor() as doctor:
        run()
    assert ("class_imbalance" in [f.cause for f in doctor.report().findings]) == (weight == 1)


def test_distributions_over_classes_are_scored_by_the_likeliest() -> None:
    torch.manual_seed(0)
    target = torch.randn(50, 4).softmax(1)
    output = 3 * target.log() + 5
    output[0] = output[0, target[0].argsort(descending=True).argsort()]
    output[0] = -output[0]  # the least likely first
    for soft in (target, target.log(), target.half()):
        score = score_of([output], [soft], of_classes=True)
        assert score is not None
        assert score.kind == "accuracy"
        assert score.value == pytest.approx(49 / 50)
    score = score_of([target], [target])
    assert score is not None
    assert score.kind == "r2"


def test_outputs_on_another_scale_are_scored_by_a_line() -> None:
    y = torch.linspace(0, 1, 50)
    near, far = score_of([y * 30 + 2], [y]), score_of([y * 30 + 2], [y], near=False)
    assert near is not None
    assert near.value < 0
    assert far is not None
    assert far.value == pytest.approx(1, abs=1e-5)
    assert str(far) == "squared correlation 1.00"


def test_what_hands_a_tensor_on_has_not_made_it() -> None:
    x = torch.ones(2)
    y = x + 1
    made = Op(torch.add, (x, 1), {}, y, None, (), True)
    handed = Op(torch.broadcast_tensors, (y, x), {}, (y, x), None, (), True)
    changed = Op(torch.Tensor.add_, (y, 1), {}, y, None, (), True)
    assert producers_of([made, handed]) == {id(y): made}
    assert producers_of([made, changed])[id(y)] is changed


PRINTS: dict[str, Callable[[int, float, float], str]] = {
    "a loss of Dice's": lambda epoch, loss, right: f"dice loss {loss:.3f}",
    "two at once": lambda epoch, loss, right: f"train loss/acc: {loss:.3f}/{right:.3f}",
    "a rank correlation": lambda epoch, loss, right: f"kendall tau {0.3 * right:.3f}",
    "an old task": lambda epoch, loss, right: f"accuracy on task 1: {1 - right:.3f}",
}


@pytest.mark.parametrize("name", PRINTS)
def test_what_is_printed_in_sound_runs_is_no_sign_of_another_sign(name: str) -> None:
    def run() -> None:
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
        optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
        for epoch in range(8):
            for rows in torch.randperm(len(X)).split(50):
                loss = F.cross_entropy(model(X[rows]), Y[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            with torch.no_grad():
                right = float((model(X).argmax(1) == Y).float().mean())
            print(PRINTS[name](epoch, float(loss.detach()), right))
        for noise in range(6):
            with torch.no_grad():
                right = float((model(X + noise * torch.randn_like(X)).argmax(1) == Y).float().mean())
            print(f"noise {noise}: accuracy {right:.3f}")

    with Doctor(probes=False) as doctor:
        run()
    assert "loss_sign_flipped" not in [finding.cause for finding in doctor.report().findings]


@pytest.mark.parametrize("meant", ["maximised", "a cost"])
def test_a_policy_may_be_led_by_other_signs(meant: str) -> None:
    torch.manual_seed(0)
    worth = torch.randn(6, 4)
    model = nn.Sequential(nn.Linear(6, 32), nn.Tanh(), nn.Linear(32, 4))
    with Doctor(probes=False) as doctor:
        optimizer = torch.optim.Adam(model.parameters(), lr=3e-3, maximize=meant == "maximised")
        for _ in range(60):
            state = torch.randn(64, 6)
            choice = torch.distributions.Categorical(logits=model(state))
            action = choice.sample()
            reward = (state @ worth).gather(1, action[:, None]).squeeze(1)
            if meant == "maximised":
                advantage = reward - reward.mean()
            else:
                cost = -reward
                advantage = cost - cost.mean()
            loss = (choice.log_prob(action) * advantage).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    assert "loss_sign_flipped" not in [finding.cause for finding in doctor.report().findings]


@pytest.mark.parametrize("second", ["to uniform shares", "a reconstruction"])
def test_targets_of_two_kinds_need_not_agree(second: str) -> None:
    def run() -> None:
        torch.manual_seed(0)
        trunk, head, back = nn.Linear(64, 32), nn.Linear(32, 10), nn.Linear(32, 64)

        def loss(rows: Tensor) -> Tensor:
            hidden = trunk(X[rows]).relu()
            out = head(hidden)
            classes = F.cross_entropy(out, Y[rows])
            if second == "a reconstruction":
                return classes + F.mse_loss(back(hidden), X[rows])
            return classes + 0.1 * F.kl_div(out.log_softmax(1), torch.full_like(out, 0.1), reduction="batchmean")

        descend([*trunk.parameters(), *head.parameters(), *back.parameters()], loss, 150)

    with Doctor(probes=False) as doctor:
        run()
    assert "labels_misaligned" not in [finding.cause for finding in doctor.report().findings]


def test_a_layer_is_known_by_the_name_that_it_had_before_it_was_wrapped() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, 10))
    weight = model[0].weight
    with Doctor(probes=False) as doctor:
        descend(model.parameters(), lambda rows: F.cross_entropy(model(X[rows]), Y[rows]), 20)
        model[0] = nn.Sequential(model[0], nn.LayerNorm(16))
        descend(model.parameters(), lambda rows: F.cross_entropy(model(X[rows]), Y[rows]), 20)
    names = doctor._watcher.seen.names[id(model)]
    assert names[id(weight)] == "0.weight"
    assert names[id(model[0][1].weight)] == "0.1.weight"
