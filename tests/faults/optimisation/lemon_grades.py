"""Learn a shelf score for lemons from pairs a taster has compared."""
import torch
import torch.nn.functional as F

torch.manual_seed(52)
gen = torch.Generator().manual_seed(52)

LEMONS, ATTRIBUTES, PAIRS, TEST_PAIRS = 2600, 10, 6000, 2000
fruit = torch.randn(LEMONS, ATTRIBUTES, generator=gen)   # standardised: acid, brix, rind, weight, oil ...
quality = (1.2 * fruit[:, 0] * fruit[:, 1] - fruit[:, 2] ** 2 + torch.sin(2 * fruit[:, 3])
           + 0.8 * fruit[:, 4] - 0.5 * (fruit[:, 5] - fruit[:, 6]).abs())


def compare(count, lots):
    a = lots[torch.randint(0, len(lots), (count,), generator=gen)]
    b = lots[torch.randint(0, len(lots), (count,), generator=gen)]
    keep = a != b
    a, b = a[keep], b[keep]
    felt = quality[a] - quality[b] + 0.3 * torch.randn(len(a), generator=gen)
    return torch.where(felt > 0, a, b), torch.where(felt > 0, b, a)


lots = torch.randperm(LEMONS, generator=gen)
better, worse = compare(PAIRS, lots[:2100])
better_test, worse_test = compare(TEST_PAIRS, lots[2100:])


def layer(inside, outside):
    weight = torch.randn(outside, inside, generator=gen) * (2 / inside) ** 0.5
    return weight.requires_grad_(), torch.zeros(outside, requires_grad=True)


w1, b1 = layer(ATTRIBUTES, 48)
w2, b2 = layer(48, 24)
w3, b3 = layer(24, 1)
weights = [w1, b1, w2, b2, w3, b3]


def shelf_score(x):
    h = F.silu(F.linear(x, w1, b1))
    h = F.silu(F.linear(h, w2, b2))
    return F.linear(h, w3, b3).squeeze(1)


def pair_loss(first, second):
    return F.softplus(shelf_score(fruit[second]) - shelf_score(fruit[first])).mean()


@torch.no_grad()
def ordered(first, second):
    return (shelf_score(fruit[first]) > shelf_score(fruit[second])).float().mean().item()


epochs, batch, rate = 30, 100, 0.05
opt = torch.optim.SGD(weights, lr=rate, momentum=0.997, weight_decay=1e-3)
for epoch in range(1, epochs + 1):
    if epoch in (18, 25):
        for group in opt.param_groups:
            group["lr"] *= 0.2
    total = 0.0
    for rows in torch.randperm(len(better), generator=gen).split(batch):
        loss = pair_loss(better[rows], worse[rows])
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item() * len(rows)
    if epoch % 3 == 0 or epoch == 1:
        with torch.no_grad():
            held = pair_loss(better_test, worse_test).item()
        print(f"{epoch:2d}: train {total / len(better):.4f} test {held:.4f} ordered {ordered(better_test, worse_test):.4f}")

print(f"pairs in the right order: {ordered(better_test, worse_test):.4f}")
