"""Per-epoch sleep staging of a night with a bidirectional GRU (synthetic hypnograms)."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

STAGES = ["wake", "light", "deep", "rem"]
N_FEATURES = 6


def synth_nights(n, length, g):
    profile = torch.randn(len(STAGES), N_FEATURES, generator=torch.Generator().manual_seed(99))
    stage = torch.randint(0, 4, (n,), generator=g)
    labels = torch.empty(n, length, dtype=torch.long)
    for t in range(length):
        labels[:, t] = stage
        jump = torch.rand(n, generator=g) < 0.12
        stage = torch.where(jump, torch.randint(0, 4, (n,), generator=g), stage)
    feats = profile[labels] + 1.1 * torch.randn(n, length, N_FEATURES, generator=g)
    return feats, labels


class SleepStager(nn.Module):
    def __init__(self, hidden=24):
        super().__init__()
        self.gru = nn.GRU(N_FEATURES, hidden, batch_first=True, bidirectional=True)
        self.head = nn.Linear(2 * hidden, len(STAGES))

    def forward(self, nights):
        states, _ = self.gru(nights)
        return F.log_softmax(self.head(states), dim=1)


class Trainer:
    def __init__(self, model, train_loader, val_loader, lr=5e-3):
        self.model, self.train_loader, self.val_loader = model, train_loader, val_loader
        self.optimizer = torch.optim.Adam(model.parameters(), lr=lr)
        self.loss_fn = nn.NLLLoss()

    def step(self, nights, labels):
        log_probs = self.model(nights)
        loss = self.loss_fn(log_probs.reshape(-1, len(STAGES)), labels.reshape(-1))
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 5.0)
        self.optimizer.step()
        return loss.item()

    @torch.no_grad()
    def validate(self):
        self.model.eval()
        right = total = 0
        for nights, labels in self.val_loader:
            right += (self.model(nights).argmax(-1) == labels).sum().item()
            total += labels.numel()
        return right / total

    def fit(self, epochs):
        for epoch in range(epochs):
            self.model.train()
            losses = [self.step(*batch) for batch in self.train_loader]
            print(f"{epoch:3d} loss={sum(losses) / len(losses):.3f} val_acc={self.validate():.4f}")


if __name__ == "__main__":
    torch.manual_seed(3)
    g = torch.Generator().manual_seed(3)
    x, y = synth_nights(700, 30, g)
    mean, std = x[:550].mean((0, 1)), x[:550].std((0, 1))
    x = (x - mean) / std
    train = DataLoader(TensorDataset(x[:550], y[:550]), batch_size=25, shuffle=True)
    val = DataLoader(TensorDataset(x[550:], y[550:]), batch_size=150)
    Trainer(SleepStager(), train, val).fit(12)
