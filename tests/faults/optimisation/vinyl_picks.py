# Second-hand record shop: suggest records from a customer's purchase history.
# Implicit feedback, pairwise ranking loss with sampled negatives, hit rate among
# 50 candidates on one held-out purchase per customer.
import torch
import torch.nn as nn
import torch.nn.functional as F

CUSTOMERS, RECORDS, TASTES = 500, 250, 6
PER_CUSTOMER = 26


def sales(seed):
    g = torch.Generator().manual_seed(seed)
    cust = torch.randn(CUSTOMERS, TASTES, generator=g)
    rec = torch.randn(RECORDS, TASTES, generator=g)
    pop = 0.5 * torch.randn(RECORDS, generator=g)
    appeal = 1.6 * cust @ rec.T + pop
    gumbel = -torch.log(-torch.log(torch.rand(appeal.shape, generator=g)))
    bought = (appeal + gumbel).topk(PER_CUSTOMER, dim=1).indices
    shuffled = torch.argsort(torch.rand(bought.shape, generator=g), dim=1)
    bought = bought.gather(1, shuffled)
    return bought[:, 1:], bought[:, 0]


class Shop(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.cust = nn.Embedding(CUSTOMERS, dim)
        self.rec = nn.Embedding(RECORDS, dim)
        self.pop = nn.Embedding(RECORDS, 1)
        nn.init.normal_(self.cust.weight, std=0.1)
        nn.init.normal_(self.rec.weight, std=0.1)
        nn.init.zeros_(self.pop.weight)

    def forward(self, c, r):
        return (self.cust(c) * self.rec(r)).sum(-1) + self.pop(r).squeeze(-1)


def hit_rate(model, held_out, bought, k=5, pool=50):
    """Share of customers whose held-out record comes in the top k of a pool."""
    g = torch.Generator().manual_seed(1)
    with torch.no_grad():
        all_scores = model(torch.arange(CUSTOMERS)[:, None], torch.arange(RECORDS)[None, :])
        own = all_scores.gather(1, held_out[:, None])
        noise = torch.rand(CUSTOMERS, RECORDS, generator=g)
        noise.scatter_(1, bought, -1.0)
        noise.scatter_(1, held_out[:, None], -1.0)
        others = noise.topk(pool - 1, dim=1).indices
        better = (all_scores.gather(1, others) > own).sum(1)
    return (better < k).float().mean().item()


def main():
    torch.manual_seed(8)
    bought, held_out = sales(8)
    owned = torch.zeros(CUSTOMERS, RECORDS, dtype=torch.bool)
    owned.scatter_(1, bought, True)
    c_all = torch.arange(CUSTOMERS).repeat_interleave(bought.size(1))
    r_all = bought.reshape(-1)

    model = Shop(dim=8)
    opt = torch.optim.Adam(model.parameters(), lr=0.01)
    plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(opt, factor=0.3, patience=1)
    for epoch in range(28):
        running = []
        for idx in torch.randperm(len(c_all)).split(256):
            c, r = c_all[idx], r_all[idx]
            neg = torch.randint(0, RECORDS, r.shape)
            keep = ~owned[c, neg]
            diff = model(c, r) - model(c, neg)
            reg = model.cust(c).pow(2).sum(1).mean() + model.rec(r).pow(2).sum(1).mean()
            loss = F.softplus(-diff[keep]).mean() + 0.01 * reg
            opt.zero_grad(set_to_none=True)
            loss.backward()
            opt.step()
            running.append(loss.item())
        hr = hit_rate(model, held_out, bought)
        plateau.step(hr)
        print(f"epoch {epoch:>2} bpr {sum(running) / len(running):.4f} HR@5 {hr:.3f}")
    print(f"HR@5 of the last model: {hr:.4f}")


if __name__ == "__main__":
    main()
