import argparse

import torch
import torch.nn as nn
from sklearn.datasets import make_friedman1
from torch.utils.data import DataLoader, TensorDataset


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.lin1 = nn.Linear(width, width)
        self.lin2 = nn.Linear(width, width)

    def forward(self, x):
        return x + self.lin2(torch.relu(self.lin1(self.norm(x))))


def build(n_in, width, depth):
    return nn.Sequential(nn.Linear(n_in, width), *[Block(width) for _ in range(depth)], nn.Linear(width, 1))


def get_data(n, seed):
    X, y = make_friedman1(n, n_features=8, noise=0.5, random_state=seed)
    X = (X - 0.5) / 0.2887
    y = (y - 14.4) / 4.9
    return TensorDataset(torch.tensor(X, dtype=torch.float32), torch.tensor(y, dtype=torch.float32).unsqueeze(1))


def parse():
    p = argparse.ArgumentParser(description="PM10 surrogate model, mixed precision")
    p.add_argument("--lr", type=float, default=0.03)
    p.add_argument("--epochs", type=int, default=12)
    p.add_argument("--max-norm", type=float, default=1.0)
    p.add_argument("--device", default="cpu")
    return p.parse_args()


def main():
    args = parse()
    torch.manual_seed(13)
    train_loader = DataLoader(get_data(2500, 0), batch_size=64, shuffle=True, drop_last=True)
    val_loader = DataLoader(get_data(1000, 1), batch_size=500)
    model = build(8, 48, 2).to(args.device)
    optimizer = torch.optim.SGD(model.parameters(), lr=args.lr, momentum=0.9)
    scaler = torch.amp.GradScaler(args.device, init_scale=1024.0)
    mse = nn.MSELoss()

    for epoch in range(args.epochs):
        model.train()
        for x, y in train_loader:
            x, y = x.to(args.device), y.to(args.device)
            optimizer.zero_grad(set_to_none=True)
            with torch.autocast(args.device, dtype=torch.bfloat16):
                pred = model(x)
            loss = mse(pred.float(), y)
            scaler.scale(loss).backward()
            nn.utils.clip_grad_norm_(model.parameters(), args.max_norm)
            scaler.step(optimizer)
            scaler.update()
        model.eval()
        with torch.no_grad():
            val = sum(mse(model(x), y).item() for x, y in val_loader) / len(val_loader)
        print(f"epoch {epoch + 1}: train {loss.item():.4f} val {val:.4f} scale {scaler.get_scale():.0f}")
    print(f"val mse: {val:.4f}")


if __name__ == "__main__":
    main()
