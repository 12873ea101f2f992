"""Multi-label tags (10) for festival acts from 40 descriptor features. Wide MLP, AdamW, BCE on logits."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(40)
N_TAGS, N_FEATURES = 10, 40
CONFIG = {"hidden": 64, "lr": 5e-5, "weight_decay": 1e-2, "batch_size": 50, "epochs": 10, "dropout": 0.1}


def build_data(n=2500):
    acts = torch.randn(n, N_FEATURES)
    w1 = torch.randn(N_FEATURES, 16) / N_FEATURES ** 0.5
    w2 = torch.randn(16, N_TAGS) * 1.1
    latent = torch.tanh(2 * acts @ w1)
    tags = (latent @ w2 + 0.5 * torch.randn(n, N_TAGS) > 0).float()
    return TensorDataset(acts[:2000], tags[:2000]), TensorDataset(acts[2000:], tags[2000:])


class Tagger(nn.Module):
    def __init__(self, hidden, dropout):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(N_FEATURES, hidden), nn.SiLU(), nn.Dropout(dropout),
                                    nn.Linear(hidden, N_TAGS))

    def forward(self, x):
        return self.layers(x)


def validate(model, loader, loss_fn):
    model.eval()
    loss_sum, correct, count = 0.0, 0.0, 0
    with torch.no_grad():
        for x, t in loader:
            logits = model(x)
            loss_sum += loss_fn(logits, t).item() * len(x)
            correct += ((logits > 0).float() == t).float().mean(1).sum().item()
            count += len(x)
    return loss_sum / count, correct / count


def fit(cfg):
    train_set, val_set = build_data()
    train_loader = DataLoader(train_set, cfg["batch_size"], shuffle=True)
    val_loader = DataLoader(val_set, 250)
    model = Tagger(cfg["hidden"], cfg["dropout"])
    loss_fn = nn.BCEWithLogitsLoss()
    opt = torch.optim.AdamW(model.parameters(), lr=cfg["lr"], weight_decay=cfg["weight_decay"])
    for epoch in range(cfg["epochs"]):
        model.train()
        for x, t in train_loader:
            opt.zero_grad(set_to_none=True)
            loss = loss_fn(model(x), t)
            loss.backward()
            opt.step()
        val_loss, tag_acc = validate(model, val_loader, loss_fn)
        print(f"epoch {epoch + 1}/{cfg['epochs']}  last batch {loss.item():.4f}  val {val_loss:.4f}  tags right {tag_acc:.4f}")
    return tag_acc


print(f"per-tag accuracy: {fit(CONFIG):.4f}")
