# Star ratings of podcasts: matrix factorisation with user and show biases.
import torch

torch.manual_seed(2)
USERS, SHOWS, RATINGS = 320, 180, 20000
DIM = 40
REG = 0.0
EPOCHS = 20


def invent_ratings():
    taste = torch.randn(USERS, 3)
    style = torch.randn(SHOWS, 3)
    mild = 0.35 * torch.randn(USERS)
    liked = 0.55 * torch.randn(SHOWS)
    cell = torch.randperm(USERS * SHOWS)[:RATINGS]
    u, s = cell // SHOWS, cell % SHOWS
    stars = 3.4 + mild[u] + liked[s] + 0.45 * (taste[u] * style[s]).sum(1) + 0.7 * torch.randn(RATINGS)
    return u, s, stars


class Factors(torch.nn.Module):
    def __init__(self, mean):
        super().__init__()
        self.mean = mean
        self.p = torch.nn.Embedding(USERS, DIM)
        self.q = torch.nn.Embedding(SHOWS, DIM)
        self.bu = torch.nn.Embedding(USERS, 1)
        self.bs = torch.nn.Embedding(SHOWS, 1)
        for table in (self.p, self.q):
            torch.nn.init.normal_(table.weight, std=0.1)
        for table in (self.bu, self.bs):
            torch.nn.init.zeros_(table.weight)

    def forward(self, u, s):
        dot = (self.p(u) * self.q(s)).sum(1)
        return self.mean + self.bu(u).squeeze(1) + self.bs(s).squeeze(1) + dot

    def size_of(self, u, s):
        return (self.p(u).pow(2).sum(1) + self.q(s).pow(2).sum(1)
                + self.bu(u).pow(2).sum(1) + self.bs(s).pow(2).sum(1)).mean()


u, s, stars = invent_ratings()
cut = int(0.8 * RATINGS)
model = Factors(stars[:cut].mean())
opt = torch.optim.Adam(model.parameters(), lr=5e-3)

for epoch in range(1, EPOCHS + 1):
    perm = torch.randperm(cut)
    se = 0.0
    for b in perm.split(256):
        err = model(u[b], s[b]) - stars[b]
        loss = err.pow(2).mean() + REG * model.size_of(u[b], s[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
        se += err.detach().pow(2).sum().item()
    with torch.no_grad():
        miss = model(u[cut:], s[cut:]) - stars[cut:]
        val = miss.pow(2).mean().sqrt().item()
    if epoch % 2 == 0:
        print(f"{epoch:3d}: rmse {(se / cut) ** 0.5:.3f} on known ratings, {val:.3f} on hidden ones")

base = (stars[cut:] - model.mean).pow(2).mean().sqrt().item()
print(f"always the mean: {base:.4f}")
print(f"hidden-rating rmse: {val:.4f}")
