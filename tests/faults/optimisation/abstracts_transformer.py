"""Small transformer that sorts tokenised abstracts into journals."""
import argparse

import torch
import torch.nn as nn
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader, TensorDataset


def get_args():
    p = argparse.ArgumentParser()
    p.add_argument("--learning_rate", type=float, default=5e-5)
    p.add_argument("--warmup_steps", type=int, default=40)
    p.add_argument("--num_train_epochs", type=int, default=8)
    p.add_argument("--d_model", type=int, default=32)
    p.add_argument("--seed", type=int, default=42)
    return p.parse_args()


VOCAB, LENGTH, JOURNALS = 96, 20, 8


def abstracts(n, g):
    y = torch.randint(0, JOURNALS, (n,), generator=g)
    tokens = torch.randint(0, VOCAB, (n, LENGTH), generator=g)
    own = y[:, None] * 12 + torch.randint(0, 12, (n, LENGTH), generator=g)
    keep = torch.rand(n, LENGTH, generator=g) < 0.3
    return torch.where(keep, own, tokens), y


class AbstractClassifier(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.tok = nn.Embedding(VOCAB, d)
        self.pos = nn.Parameter(0.02 * torch.randn(1, LENGTH, d))
        layer = nn.TransformerEncoderLayer(d, 4, 2 * d, dropout=0.1, batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, 1, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(d)
        self.cls = nn.Linear(d, JOURNALS)

    def forward(self, ids):
        h = self.encoder(self.tok(ids) + self.pos)
        return self.cls(self.norm(h.mean(1)))


def main():
    args = get_args()
    torch.manual_seed(args.seed)
    g = torch.Generator().manual_seed(args.seed)
    train_loader = DataLoader(TensorDataset(*abstracts(3000, g)), batch_size=50, shuffle=True)
    x_dev, y_dev = abstracts(1000, g)
    model = AbstractClassifier(args.d_model)
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.learning_rate, weight_decay=0.01)
    total = args.num_train_epochs * len(train_loader)
    scheduler = LambdaLR(optimizer, lambda s: min((s + 1) / args.warmup_steps, max(0.0, (total - s) / (total - args.warmup_steps))))
    loss_fn = nn.CrossEntropyLoss()
    for epoch in range(args.num_train_epochs):
        model.train()
        running = 0.0
        for ids, labels in train_loader:
            loss = loss_fn(model(ids), labels)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            scheduler.step()
            optimizer.zero_grad()
            running += loss.item()
        model.eval()
        with torch.no_grad():
            logits = model(x_dev)
        dev_acc = (logits.argmax(-1) == y_dev).float().mean().item()
        print(f"epoch {epoch + 1}  train_loss {running / len(train_loader):.4f}  dev_loss {loss_fn(logits, y_dev).item():.4f}  dev_acc {dev_acc:.4f}")
    print(f"dev_acc {dev_acc:.4f}")


if __name__ == "__main__":
    main()
