import argparse
import torch
import torch.nn as nn

ap = argparse.ArgumentParser(description="How many wagons stand on the siding after a log of shunting moves?")
ap.add_argument("--hidden", type=int, default=32)
ap.add_argument("--steps", type=int, default=400)
ap.add_argument("--lr", type=float, default=5e-3)
ap.add_argument("--wd", type=float, default=0.03)
ap.add_argument("--batch", type=int, default=64)
opt = ap.parse_args()

torch.manual_seed(2)
MOVES, LENGTH, MAX = 5, 12, 6


def shunting_log(n):
    moves = torch.randint(0, MOVES, (n, LENGTH))
    delta = torch.tensor([1, -1, 2, -2, 0])
    wagons = torch.full((n,), 3)
    for t in range(LENGTH):
        wagons = (wagons + delta[moves[:, t]]).clamp(0, MAX)
    return moves, wagons


class SidingLSTM(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.embedding = nn.Embedding(MOVES, 16)
        self.lstm = nn.LSTM(16, hidden, batch_first=True)
        self.head = nn.Linear(hidden, MAX + 1)

    def forward(self, moves):
        _, (h, _) = self.lstm(self.embedding(moves))
        return self.head(h[-1])


net = SidingLSTM(opt.hidden)
optimizer = torch.optim.Adam(net.parameters(), lr=opt.lr, weight_decay=opt.wd)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=opt.steps)
criterion = nn.CrossEntropyLoss()
val_moves, val_wagons = shunting_log(1500)

avg = None
for step in range(1, opt.steps + 1):
    moves, wagons = shunting_log(opt.batch)
    loss = criterion(net(moves), wagons)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    scheduler.step()
    avg = loss.item() if avg is None else 0.95 * avg + 0.05 * loss.item()
    if step % 50 == 0:
        net.eval()
        with torch.no_grad():
            logits = net(val_moves)
        net.train()
        acc = (logits.argmax(1) == val_wagons).float().mean().item()
        print(f"{step:5d} loss {avg:.4f} val loss {criterion(logits, val_wagons).item():.4f} val acc {acc:.4f}")

print(f"val acc at the end: {acc:.4f}")
