"""Ultrasonic scans of ingots, mixed-precision training: regression of the void's depth."""
import torch
from torch import nn

torch.manual_seed(13)
torch.set_num_threads(1)

args = {"lr": 0.05, "momentum": 0.9, "max_norm": 1.0, "epochs": 20, "batch_size": 64, "n": 1600}


def scans(n):
    depth = torch.rand(n, 1)
    t = torch.linspace(0, 1, 48).unsqueeze(0)
    echo = torch.exp(-((t - 0.1 - 0.8 * depth) / 0.04) ** 2) * (1.2 - depth)
    wall = torch.exp(-((t - 0.97) / 0.03) ** 2)
    signal = echo + wall + 0.08 * torch.randn(n, 48)
    return (signal - signal.mean()) / signal.std(), (depth - 0.5) / 0.29


x, y = scans(args["n"])
x_val, y_val = scans(400)

model = nn.Sequential(
    nn.Unflatten(1, (1, 48)),
    nn.Conv1d(1, 16, 5, padding=2), nn.ReLU(), nn.MaxPool1d(2),
    nn.Conv1d(16, 16, 5, padding=2), nn.ReLU(), nn.MaxPool1d(2),
    nn.Flatten(),
    nn.Linear(192, 32), nn.ReLU(),
    nn.Linear(32, 1),
)
optimizer = torch.optim.SGD(model.parameters(), lr=args["lr"], momentum=args["momentum"])
scaler = torch.amp.GradScaler("cpu", init_scale=2.0 ** 8)
mse = nn.MSELoss()

for epoch in range(args["epochs"]):
    model.train()
    running, seen = 0.0, 0
    for idx in torch.randperm(len(x)).split(args["batch_size"]):
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            pred = model(x[idx])
        loss = mse(pred.float(), y[idx])
        scaler.scale(loss).backward()
        nn.utils.clip_grad_norm_(model.parameters(), args["max_norm"])
        scaler.step(optimizer)
        scaler.update()
        running += loss.item() * len(idx)
        seen += len(idx)
    model.eval()
    with torch.no_grad():
        val = mse(model(x_val), y_val).item()
    print(f"epoch {epoch:2d}  train {running / seen:.4f}  val {val:.4f}")

print(f"val rmse in depth units: {0.29 * val ** 0.5:.4f}")
