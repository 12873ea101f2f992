"""Identify fungi from the tick-box cards that foray volunteers hand in."""
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.model_selection import train_test_split

GENERA = ["amanita", "boletus", "cortinarius", "hygrocybe", "lactarius", "mycena", "russula"]
TRAITS = {"cap": 8, "gills": 6, "stem": 5, "smell": 7, "spore_print": 6, "habitat": 9}
GUESSING = 0.45


def foray_cards(n, rng):
    """Cards with trait codes, cap width and stem length, and the genus that the volunteer ticked."""
    genus = rng.integers(0, len(GENERA), n)
    codes = []
    for size in TRAITS.values():
        usual = rng.dirichlet(np.full(size, 0.35), len(GENERA))
        codes.append([rng.choice(size, p=usual[g]) for g in genus])
    centre = rng.normal(0, 1.0, (len(GENERA), 2))
    measures = centre[genus] + rng.normal(0, 0.7, (n, 2))
    unsure = rng.random(n) < GUESSING
    ticked = np.where(unsure, rng.integers(0, len(GENERA), n), genus)
    return np.array(codes).T, measures.astype(np.float32), ticked


class CardNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.tables = nn.ModuleList(nn.Embedding(size, 4) for size in TRAITS.values())
        width = 4 * len(TRAITS) + 2
        self.body = nn.Sequential(nn.Linear(width, 32), nn.ReLU(), nn.Dropout(0.2), nn.Linear(32, len(GENERA)))

    def forward(self, codes, measures):
        parts = [table(codes[:, i]) for i, table in enumerate(self.tables)]
        return self.body(torch.cat(parts + [measures], dim=1))


def main():
    torch.manual_seed(11)
    rng = np.random.default_rng(11)
    codes, measures, genus = foray_cards(5000, rng)
    rows_train, rows_test = train_test_split(np.arange(5000), test_size=0.2, random_state=0)
    mean, std = measures[rows_train].mean(0), measures[rows_train].std(0)
    codes, measures = torch.tensor(codes), torch.tensor((measures - mean) / std)
    genus = torch.tensor(genus)
    rows_train, rows_test = torch.tensor(rows_train), torch.tensor(rows_test)

    net = CardNet()
    opt = torch.optim.Adam(net.parameters(), lr=3e-3, weight_decay=1e-4)
    for epoch in range(12):
        net.train()
        losses = []
        for rows in rows_train[torch.randperm(len(rows_train))].split(64):
            loss = F.cross_entropy(net(codes[rows], measures[rows]), genus[rows])
            opt.zero_grad()
            loss.backward()
            opt.step()
            losses.append(loss.item())
        if epoch == 7:
            opt.param_groups[0]["lr"] *= 0.2
        net.eval()
        with torch.no_grad():
            out = net(codes[rows_test], measures[rows_test])
            test_loss = F.cross_entropy(out, genus[rows_test]).item()
            acc = (out.argmax(1) == genus[rows_test]).float().mean().item()
        print(f"epoch {epoch:2d} | train loss {np.mean(losses):.3f} | test loss {test_loss:.3f} | test acc {acc:.3f}")
    print(f"test accuracy: {acc:.4f}")


if __name__ == "__main__":
    main()
