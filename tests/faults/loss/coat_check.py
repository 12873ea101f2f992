"""Which hook holds the coat of a given ticket?  Attention over the (ticket, hook) slips of one evening."""
import torch
import torch.nn as nn

TICKETS, HOOKS, SLIPS, ASKED = 16, 10, 8, 5


def evenings(n, gen):
    tickets = torch.rand(n, TICKETS, generator=gen).argsort(dim=1)[:, :SLIPS]
    hooks = torch.randint(0, HOOKS, (n, SLIPS), generator=gen)
    pick = torch.randint(0, SLIPS, (n, ASKED), generator=gen)
    return tickets, hooks, tickets.gather(1, pick), hooks.gather(1, pick)


class Attendant(nn.Module):
    def __init__(self, dim=40):
        super().__init__()
        self.ticket = nn.Embedding(TICKETS, dim)
        self.hook = nn.Embedding(HOOKS, dim)
        self.to_q = nn.Linear(dim, dim, bias=False)
        self.to_k = nn.Linear(dim, dim, bias=False)
        self.to_v = nn.Linear(dim, dim)
        self.out = nn.Sequential(nn.Linear(dim, 64), nn.GELU(), nn.Linear(64, HOOKS))

    def forward(self, tickets, hooks, asked):
        slips = self.ticket(tickets) + self.hook(hooks)
        q, k, v = self.to_q(self.ticket(asked)), self.to_k(slips), self.to_v(slips)
        scores = torch.bmm(q, k.transpose(1, 2)) / q.size(-1) ** 0.5
        attn = torch.softmax(scores, dim=1)
        return self.out(torch.bmm(attn, v))


def hit_rate(model, data):
    model.eval()
    with torch.no_grad():
        return (model(*data[:3]).argmax(-1) == data[3]).float().mean().item()


def main():
    torch.manual_seed(44)
    gen = torch.Generator().manual_seed(44)
    train, test = evenings(6000, gen), evenings(800, gen)
    model = Attendant()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3, betas=(0.9, 0.98))
    scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, start_factor=1.0, end_factor=0.1, total_iters=7)
    criterion = nn.CrossEntropyLoss()
    for epoch in range(7):
        model.train()
        total = 0.0
        for rows in torch.randperm(6000).split(60):
            tickets, hooks, asked, answer = (t[rows] for t in train)
            logits = model(tickets, hooks, asked)
            loss = criterion(logits.flatten(0, 1), answer.flatten())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
        scheduler.step()
        print(f"epoch {epoch + 1:2d}  loss {total / 6000:.4f}  test hit rate {hit_rate(model, test):.4f}")
    print(f"hit rate on new evenings: {hit_rate(model, test):.4f}")


if __name__ == "__main__":
    main()
