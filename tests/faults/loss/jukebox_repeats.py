# Which track does the pub jukebox play next?  Guests come back to what they played a few turns ago,
# otherwise they wander inside a genre.  The model mixes "pick from the catalogue" with "copy from
# the session so far" (a pointer-generator in miniature).
import argparse

import torch
import torch.nn as nn
import torch.nn.functional as F

parser = argparse.ArgumentParser()
parser.add_argument("--tracks", type=int, default=80)
parser.add_argument("--dim", type=int, default=32)
parser.add_argument("--steps", type=int, default=700)
parser.add_argument("--batch", type=int, default=64)
parser.add_argument("--lr", type=float, default=6e-3)
args = parser.parse_args()

torch.manual_seed(5)
GENRES, LENGTH = 8, 14
PER = args.tracks // GENRES


def play_sessions(count):
    """(count, LENGTH + 1) track numbers; the last one is to be predicted."""
    follow = torch.Generator().manual_seed(99)
    favourites = torch.stack([torch.randperm(PER, generator=follow)[:3] for _ in range(args.tracks)])
    genre = torch.randint(GENRES, (count,))
    plays = [genre * PER + torch.randint(PER, (count,))]
    for turn in range(LENGTH):
        nxt = favourites[plays[-1], torch.multinomial(torch.tensor([0.6, 0.25, 0.15]), count, replacement=True)]
        track = genre * PER + nxt
        if turn >= 3:
            again = torch.rand(count) < 0.35
            track = torch.where(again, plays[turn - 3], track)
        hop = torch.rand(count) < 0.05
        genre = torch.where(hop, torch.randint(GENRES, (count,)), genre)
        plays.append(track)
    return torch.stack(plays, 1)


class Jukebox(nn.Module):
    def __init__(self, tracks, dim):
        super().__init__()
        self.track = nn.Embedding(tracks, dim)
        self.rnn = nn.GRU(dim, dim, batch_first=True)
        self.query = nn.Linear(dim, dim)
        self.place = nn.Parameter(torch.zeros(LENGTH))
        self.gate = nn.Linear(dim, 1)
        self.catalogue = nn.Linear(dim, tracks)

    def forward(self, played):
        states, last = self.rnn(self.track(played))
        last = last[0]
        attention = torch.softmax((states * self.query(last)[:, None]).sum(-1) / states.size(-1) ** 0.5 + self.place, 1)
        mix = torch.sigmoid(self.gate(last))
        fresh = F.softmax(self.catalogue(last), dim=1)
        copied = torch.zeros_like(fresh).scatter_add(1, played, attention)
        return mix * fresh + (1 - mix) * copied


train = play_sessions(24000)
valid = play_sessions(2000)
model = Jukebox(args.tracks, args.dim)
optimiser = torch.optim.Adam(model.parameters(), lr=args.lr)
schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, args.steps, eta_min=1e-5)


@torch.no_grad()
def evaluate(sessions):
    scores = model(sessions[:, :-1])
    target = sessions[:, -1]
    best = scores.topk(5, dim=1).indices
    return (best[:, 0] == target).float().mean().item(), (best == target[:, None]).any(1).float().mean().item()


window = []
for step in range(1, args.steps + 1):
    rows = train[torch.randint(len(train), (args.batch,))]
    scores = model(rows[:, :-1])
    loss = F.nll_loss(scores, rows[:, -1])
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    optimiser.step()
    schedule.step()
    window.append(loss.item())
    if step % 140 == 0:
        hit1, hit5 = evaluate(valid)
        print(f"[{step:>5}] loss={sum(window) / len(window):.4f} valid hit@1={hit1:.3f} hit@5={hit5:.3f}")
        window.clear()

print("final hit@5 = %.4f" % evaluate(valid)[1])
