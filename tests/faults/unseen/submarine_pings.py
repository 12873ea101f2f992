"""Bottom type (mud, sand, gravel, rock) under a survey boat, from sonar ping descriptors."""
import torch
from torch import nn, Tensor
from torch.utils.data import DataLoader, TensorDataset

SEED = 55
DESCRIPTORS = 16
BOTTOMS = ("mud", "sand", "gravel", "rock")


def survey(n: int, gen: torch.Generator) -> tuple[Tensor, Tensor]:
    x = torch.randn(n, DESCRIPTORS, generator=gen)
    hard = x[:, 0] + 0.7 * x[:, 1] - 0.5 * x[:, 2]
    rough = x[:, 3] * x[:, 4] + 0.8 * x[:, 5]
    hard = hard + 0.1 * torch.randn(n, generator=gen)
    rough = rough + 0.1 * torch.randn(n, generator=gen)
    return x, (hard > 0).long() + 2 * (rough > 0).long()


def ping_net(width: int = 64, depth: int = 4) -> nn.Sequential:
    layers: list[nn.Module] = [nn.Linear(DESCRIPTORS, width), nn.Sigmoid()]
    for _ in range(depth - 1):
        layers += [nn.Linear(width, width), nn.Sigmoid()]
    layers.append(nn.Linear(width, len(BOTTOMS)))
    return nn.Sequential(*layers)


def evaluate(net: nn.Module, x: Tensor, y: Tensor) -> tuple[float, float]:
    net.eval()
    with torch.no_grad():
        out = net(x)
    return nn.functional.cross_entropy(out, y).item(), (out.argmax(1) == y).float().mean().item()


def train() -> None:
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    gen = torch.Generator().manual_seed(SEED)
    x, y = survey(6000, gen)
    xt, yt = survey(1000, gen)
    loader = DataLoader(TensorDataset(x, y), batch_size=100, shuffle=True)
    net = ping_net()
    opt = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 30)
    for epoch in range(30):
        net.train()
        for xb, yb in loader:
            opt.zero_grad()
            nn.functional.cross_entropy(net(xb), yb).backward()
            opt.step()
        sched.step()
        if epoch % 5 == 4:
            tr, _ = evaluate(net, x, y)
            te, acc = evaluate(net, xt, yt)
            print(f"epoch {epoch + 1:2d}  train {tr:.4f}  test {te:.4f}  accuracy {acc:.4f}")


train()
