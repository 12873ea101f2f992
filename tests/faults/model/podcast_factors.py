import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(12)
N_USERS, N_SHOWS, RANK = 150, 120, 6


def simulate_ratings(n):
    u, s = torch.randint(N_USERS, (n,)), torch.randint(N_SHOWS, (n,))
    taste, topic = torch.randn(N_USERS, 4), torch.randn(N_SHOWS, 4)
    bias_u, bias_s = 0.4 * torch.randn(N_USERS), 0.6 * torch.randn(N_SHOWS)
    score = 0.5 * (taste[u] * topic[s]).sum(1) + bias_u[u] + bias_s[s] + 0.3 * torch.randn(n)
    return u, s, (score - score.mean()) / score.std()


class Factorisation(nn.Module):
    def __init__(self, rank=RANK):
        super().__init__()
        self.user = nn.Embedding(N_USERS, rank)
        self.show = nn.Embedding(N_SHOWS, rank)
        self.user_bias = nn.Embedding(N_USERS, 1)
        self.show_bias = nn.Embedding(N_SHOWS, 1)
        self.reset_parameters()

    def reset_parameters(self):
        for emb in (self.user, self.show):
            nn.init.constant_(emb.weight, 0.1)
        for emb in (self.user_bias, self.show_bias):
            nn.init.zeros_(emb.weight)

    def forward(self, u, s):
        dot = (self.user(u) * self.show(s)).sum(1)
        return dot + self.user_bias(u).squeeze(1) + self.show_bias(s).squeeze(1)


class RatingTask:
    """Holds the data, the model and the loop."""

    def __init__(self, n=14000, batch=256, lr=0.01, weight_decay=1e-5):
        u, s, r = simulate_ratings(n)
        cut = int(0.85 * n)
        self.train = (u[:cut], s[:cut], r[:cut])
        self.held = (u[cut:], s[cut:], r[cut:])
        self.batch = batch
        self.model = Factorisation()
        self.opt = torch.optim.Adam(self.model.parameters(), lr=lr, weight_decay=weight_decay)

    def epoch(self):
        self.model.train()
        u, s, r = self.train
        total = 0.0
        for idx in torch.randperm(len(r)).split(self.batch):
            loss = F.mse_loss(self.model(u[idx], s[idx]), r[idx])
            self.opt.zero_grad()
            loss.backward()
            self.opt.step()
            total += loss.item() * len(idx)
        return total / len(r)

    @torch.no_grad()
    def validate(self):
        self.model.eval()
        u, s, r = self.held
        return F.mse_loss(self.model(u, s), r).item()


task = RatingTask()
for epoch in range(14):
    train_loss = task.epoch()
    print(f"epoch {epoch + 1:2d} train {train_loss:.4f} held-out {task.validate():.4f}")
print(f"held-out MSE: {task.validate():.4f}")
