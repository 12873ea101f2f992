"""Two towers: market customers type a few words, then buy from a stall. Learn both sides from the purchases alone."""
import argparse
import torch
import torch.nn as nn
import torch.nn.functional as F


class Towers(nn.Module):
    def __init__(self, words, stalls, dim):
        super().__init__()
        self.words = nn.EmbeddingBag(words, dim, mode="mean")
        self.query = nn.Linear(dim, dim)
        self.stall = nn.Embedding(stalls, dim)
        self.log_scale = nn.Parameter(torch.tensor(2.5))

    def left(self, q):
        return F.normalize(self.query(F.gelu(self.words(q))), dim=-1)

    def right(self, s):
        return F.normalize(self.stall(s), dim=-1)

    def forward(self, q, s):
        return self.left(q) @ self.right(s).T * self.log_scale.clamp(max=4.0).exp()


def market(args, n, g):
    kind_words = torch.softmax(2.2 * torch.randn(args.kinds, args.words, generator=torch.Generator().manual_seed(100)), 1)
    kind_stalls = torch.softmax(2.0 * torch.randn(args.kinds, args.stalls, generator=torch.Generator().manual_seed(101)), 1)
    kind = torch.randint(0, args.kinds, (n,), generator=g)
    q = torch.multinomial(kind_words[kind], 4, replacement=True, generator=g)
    s = torch.multinomial(kind_stalls[kind], 1, generator=g)[:, 0]
    oracle = (torch.log(kind_words).T[q].sum(1).softmax(-1)) @ kind_stalls
    return q, s, oracle


def hits_at_10(scores, s):
    return (scores.topk(10, dim=1).indices == s[:, None]).any(1).float().mean().item()


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--words", type=int, default=250)
    p.add_argument("--stalls", type=int, default=150)
    p.add_argument("--kinds", type=int, default=12)
    p.add_argument("--dim", type=int, default=32)
    p.add_argument("--batch", type=int, default=256)
    p.add_argument("--steps", type=int, default=900)
    p.add_argument("--lr", type=float, default=1.5e-2)
    args = p.parse_args([])
    torch.manual_seed(9)
    g = torch.Generator().manual_seed(9)
    q, s, _ = market(args, 60000, g)
    vq, vs, oracle = market(args, 3000, g)
    share = torch.bincount(s, minlength=args.stalls).float() / len(s)
    net = Towers(args.words, args.stalls, args.dim)
    opt = torch.optim.Adam(net.parameters(), lr=args.lr)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, args.steps, eta_min=args.lr / 50)
    every = args.steps // 9
    total = 0.0
    for step in range(1, args.steps + 1):
        i = torch.randint(0, len(q), (args.batch,), generator=g)
        logits = net(q[i], s[i]) - share[s[i]].log()
        twin = (s[i][:, None] == s[i][None, :]) & ~torch.eye(args.batch, dtype=torch.bool)
        loss = F.cross_entropy(logits.masked_fill(twin, -1e9), torch.arange(args.batch))
        opt.zero_grad()
        loss.backward()
        opt.step()
        sched.step()
        total += loss.item()
        if step % every == 0:
            with torch.no_grad():
                sc = net(vq, torch.arange(args.stalls))
                vl = F.cross_entropy(sc, vs).item()
            print(f"step {step:4d} in-batch loss {total / every:.3f} catalogue loss {vl:.3f} hits@10 {hits_at_10(sc, vs):.4f}")
            total = 0.0
    print(f"knowing the kinds of customer one would reach {hits_at_10(oracle, vs):.4f}")
    print(f"final hits@10 {hits_at_10(sc, vs):.4f}")


if __name__ == "__main__":
    main()
