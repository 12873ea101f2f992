"""Learn the distribution of listener votes over four moods (soft labels) from audio descriptors."""
import torch
from torch import nn
import torch.nn.functional as F

torch.manual_seed(55)
N_MOODS, N_FEATS, LISTENERS = 4, 15, 20
teacher = nn.Sequential(nn.Linear(N_FEATS, 10), nn.Tanh(), nn.Linear(10, N_MOODS))
for p in teacher.parameters():
    nn.init.normal_(p, std=0.45)


@torch.no_grad()
def survey(n):
    x = torch.randn(n, N_FEATS)
    p = F.softmax(teacher(x), dim=-1)
    votes = torch.distributions.Multinomial(LISTENERS, probs=p).sample()
    return x, votes / LISTENERS


class MoodNet(nn.Module):
    def __init__(self, width=32):
        super().__init__()
        self.inp = nn.Linear(N_FEATS, width)
        self.out = nn.Linear(width, N_MOODS)

    def forward(self, x):
        return F.log_softmax(self.out(torch.tanh(self.inp(x))), dim=-1)


def soft_cross_entropy(log_p, q):
    return -(q * log_p).sum(dim=-1).mean()


x_train, q_train = survey(4000)
x_val, q_val = survey(1000)
entropy = -(q_val * q_val.clamp(min=1e-9).log()).sum(-1).mean()
print(f"entropy of the validation votes: {entropy:.4f}")
model = MoodNet()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-2)
epochs = 25
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
for epoch in range(epochs):
    model.train()
    train_loss = 0.0
    for idx in torch.randperm(len(x_train)).split(80):
        optimizer.zero_grad()
        loss = soft_cross_entropy(model(x_train[idx]), q_train[idx])
        loss.backward()
        optimizer.step()
        train_loss += loss.item() * len(idx) / len(x_train)
    scheduler.step()
    model.eval()
    with torch.no_grad():
        log_p = model(x_val)
        val_loss = soft_cross_entropy(log_p, q_val).item()
        kl = F.kl_div(log_p, q_val, reduction="batchmean").item()
        agree = (log_p.argmax(-1) == q_val.argmax(-1)).float().mean().item()
    print(f"epoch {epoch:2d} train CE {train_loss:.4f} val CE {val_loss:.4f} val KL {kl:.4f} top mood agreement {agree:.3f}")
