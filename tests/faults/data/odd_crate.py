"""Each pallet holds ten crates; one crate was packed from another recipe. Find it."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(19)
N_ITEMS, N_FEAT = 10, 6


def pallets(n):
    centre = torch.randn(n, 1, N_FEAT)
    items = centre + 0.35 * torch.randn(n, N_ITEMS, N_FEAT)
    odd = torch.randint(0, N_ITEMS, (n,))
    shift = torch.randn(n, N_FEAT)
    shift = 1.5 * shift / shift.norm(dim=1, keepdim=True)
    items[torch.arange(n), odd] += shift
    return items, odd


class ContextLayer(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.own = nn.Linear(dim, dim)
        self.group = nn.Linear(dim, dim, bias=False)

    def forward(self, h):
        context = h.mean(0, keepdim=True)
        return h + F.relu(self.own(h) + self.group(context))


class OddOneOut(nn.Module):
    def __init__(self, dim=48, depth=3):
        super().__init__()
        self.embed = nn.Linear(N_FEAT, dim)
        self.layers = nn.ModuleList([ContextLayer(dim) for _ in range(depth)])
        self.score = nn.Linear(dim, 1)

    def forward(self, x):
        h = self.embed(x)
        for layer in self.layers:
            h = layer(h)
        return self.score(h).squeeze(-1)


def fit(model, x, odd, x_val, odd_val, epochs=10, batch=64):
    optimizer = torch.optim.RMSprop(model.parameters(), lr=4e-4)
    for epoch in range(epochs):
        model.train()
        order = torch.randperm(len(x))
        total = 0.0
        for chunk in order.split(batch):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x[chunk]), odd[chunk])
            loss.backward()
            optimizer.step()
            total += loss.item() * len(chunk)
        model.eval()
        with torch.no_grad():
            outs = torch.cat([model(c) for c in x_val.split(batch)])
        val_loss = F.cross_entropy(outs, odd_val).item()
        acc = (outs.argmax(1) == odd_val).float().mean().item()
        print(f"epoch {epoch + 1}: train loss {total / len(x):.3f}, val loss {val_loss:.3f}, val acc {acc:.3f}")
    return acc


x, odd = pallets(9000)
x_val, odd_val = pallets(800)
acc = fit(OddOneOut(), x, odd, x_val, odd_val)
print(f"odd crate found in {acc:.4f} of pallets")
