"""Which ringed ducks will be reported again? About one in twenty-five is, mostly by chance."""
import torch
from torch import nn
from torch.nn import functional as F


def ducks(count, generator):
    x = torch.randn(count, 9, generator=generator)
    logit = -3.9 + 0.9 * x[:, 0] + 0.7 * torch.relu(x[:, 1]) - 0.6 * x[:, 2] * x[:, 3] + 0.4 * x[:, 4]
    chance = torch.sigmoid(logit)
    return x, (torch.rand(count, generator=generator) < chance).float(), chance


def average_precision(score, truth):
    hits = truth[score.argsort(descending=True)]
    precision = hits.cumsum(0) / torch.arange(1, len(hits) + 1)
    return ((precision * hits).sum() / hits.sum()).item()


class Ringing(nn.Module):
    def __init__(self, prior):
        super().__init__()
        self.a = nn.Linear(9, 24)
        self.b = nn.Linear(24, 24)
        self.c = nn.Linear(24, 1)
        with torch.no_grad():
            self.c.bias.fill_(torch.logit(torch.tensor(prior)).item())

    def forward(self, x):
        h = F.gelu(self.a(x))
        h = h + F.gelu(self.b(h))
        return self.c(F.dropout(h, 0.1, self.training)).squeeze(-1)


def main():
    torch.manual_seed(8)
    gen = torch.Generator().manual_seed(8)
    x, found, _ = ducks(24000, gen)
    x_val, found_val, _ = ducks(6000, gen)
    x_test, found_test, chance = ducks(12000, gen)
    share = found.mean().item()
    print(f"reported: {share:.3%} of {len(found)}")
    model = Ringing(share)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.05)
    plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.3, patience=1)
    best, kept, waited = float("inf"), None, 0
    for epoch in range(1, 25):
        model.train()
        total = 0.0
        for rows in torch.randperm(len(x), generator=gen).split(400):
            loss = F.binary_cross_entropy_with_logits(model(x[rows]), found[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
        model.eval()
        with torch.no_grad():
            held = F.binary_cross_entropy_with_logits(model(x_val), found_val).item()
        plateau.step(held)
        print(f"epoch {epoch:2d}  train {total / len(x):.4f}  validation {held:.4f}  rate {optimizer.param_groups[0]['lr']:.1e}")
        if held < best:
            best, waited = held, 0
            kept = {k: v.clone() for k, v in model.state_dict().items()}
        else:
            waited += 1
            if waited == 5:
                print("no better for five epochs")
                break
    model.load_state_dict(kept)
    model.eval()
    with torch.no_grad():
        p = torch.sigmoid(model(x_test))
    called = p > 0.5
    print(f"test log loss {F.binary_cross_entropy(p, found_test).item():.4f}, with the true chances "
          f"{F.binary_cross_entropy(chance, found_test).item():.4f}")
    print(f"called outright {int(called.sum())} of {int(found_test.sum())} reported")
    print(f"expected reports {p.sum().item():.1f}, seen {int(found_test.sum())}")
    print(f"AP with the true chances: {average_precision(chance, found_test):.4f}")
    print(f"average precision: {average_precision(p, found_test):.4f}")


main()
