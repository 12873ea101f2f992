"""Which colony does a whistle bout come from? Bouts are coded as strings of whistle types."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(11)
torch.set_num_threads(1)

N_TYPES = 12
BOUT_LEN = 18
COLONIES = ["scree", "meadow", "cliff", "moraine", "plateau"]
EPOCHS = 10


def synth_bouts(n):
    """Each colony has its own habits of which whistle follows which."""
    g = torch.Generator().manual_seed(5)
    habit = torch.softmax(1.6 * torch.randn(len(COLONIES), N_TYPES, N_TYPES, generator=g), dim=-1)
    y = torch.randint(0, len(COLONIES), (n,))
    seq = torch.zeros(n, BOUT_LEN, dtype=torch.long)
    seq[:, 0] = torch.randint(0, N_TYPES, (n,))
    for t in range(1, BOUT_LEN):
        p = habit[y, seq[:, t - 1]]
        seq[:, t] = torch.multinomial(p, 1).squeeze(1)
    return seq, y


class BoutReader(nn.Module):
    def __init__(self, emb=16, hidden=48):
        super().__init__()
        self.emb = nn.Embedding(N_TYPES, emb)
        self.gru = nn.GRU(emb, hidden, batch_first=True)
        self.norm = nn.LayerNorm(hidden)
        self.head = nn.Linear(hidden, len(COLONIES))

    def forward(self, seq):
        out, _ = self.gru(self.emb(seq))
        return self.head(self.norm(out.mean(dim=1)))


def make_optimizer(model, lr=4e-3, weight_decay=0.01):
    decay, no_decay = [], []
    for name, p in model.named_parameters():
        if name.endswith(".weight"):
            decay.append(p)
        elif name.endswith(".bias"):
            no_decay.append(p)
    groups = [
        {"params": decay, "weight_decay": weight_decay},
        {"params": no_decay, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=lr)


@torch.no_grad()
def accuracy(model, loader):
    model.eval()
    hits = total = 0
    for seq, y in loader:
        hits += (model(seq).argmax(1) == y).sum().item()
        total += len(y)
    return hits / total


def main():
    seq, y = synth_bouts(3600)
    train = DataLoader(TensorDataset(seq[:2800], y[:2800]), batch_size=64, shuffle=True)
    test = DataLoader(TensorDataset(seq[2800:], y[2800:]), batch_size=200)
    model = BoutReader()
    opt = make_optimizer(model)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, EPOCHS, eta_min=2e-4)
    for epoch in range(EPOCHS):
        model.train()
        running = 0.0
        for s, t in train:
            opt.zero_grad()
            loss = nn.functional.cross_entropy(model(s), t)
            loss.backward()
            opt.step()
            running += loss.item() * len(t)
        sched.step()
        print(f"epoch {epoch + 1:2d}  loss {running / 2800:.3f}  test acc {accuracy(model, test):.3f}")


main()
