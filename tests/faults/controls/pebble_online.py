"""Online learning on a conveyor: pebbles arrive one by one, each is used for one update and then gone."""
import torch
import torch.nn as nn

CLASSES, FEATS = 4, 10


def pebble_stream(gen, centres):
    while True:
        label = torch.randint(CLASSES, (1,), generator=gen)
        x = centres[label] * (1 + 0.25 * torch.randn(1, 1, generator=gen)) + 0.8 * torch.randn(1, FEATS, generator=gen)
        yield x, label


class ConveyorNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(FEATS, 24)
        self.norm = nn.LayerNorm(24)
        self.fc2 = nn.Linear(24, CLASSES)

    def forward(self, x):
        return self.fc2(torch.relu(self.norm(self.fc1(x))))


def main(n_updates=8000, lr=0.02):
    torch.manual_seed(61)
    gen = torch.Generator().manual_seed(62)
    centres = 0.9 * torch.randn(CLASSES, FEATS, generator=gen)
    stream = pebble_stream(gen, centres)
    model = ConveyorNet()
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda k: 1 / (1 + k / 1500))
    loss_fn = nn.CrossEntropyLoss()
    smooth = None
    for k in range(1, n_updates + 1):
        x, label = next(stream)
        loss = loss_fn(model(x), label)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        smooth = loss.item() if smooth is None else 0.998 * smooth + 0.002 * loss.item()
        if k % 1000 == 0:
            print(f"pebble {k}: smoothed loss {smooth:.4f}")
    model.eval()
    pairs = [next(stream) for _ in range(2000)]
    x, y = torch.cat([p[0] for p in pairs]), torch.cat([p[1] for p in pairs])
    with torch.no_grad():
        out = model(x)
    print(f"next 2000 pebbles: loss {loss_fn(out, y).item():.4f} accuracy {(out.argmax(1) == y).float().mean().item():.4f}")


main()
