"""Guess which of eight scribes dictated a letter from the words it uses."""
import argparse
import torch
from torch import nn
import torch.nn.functional as F


def make_letters(n, vocab, scribes, gen):
    base = torch.ones(vocab) / (torch.arange(vocab) + 20.0)
    tilt = torch.randn(scribes, vocab, generator=torch.Generator().manual_seed(77)) * 0.55
    probs = base * tilt.exp()
    who = torch.randint(scribes, (n,), generator=gen)
    words = torch.multinomial(probs[who], 40, replacement=True, generator=gen)
    return words, who


class ScribeNet(nn.Module):
    def __init__(self, vocab, scribes, dim):
        super().__init__()
        self.bag = nn.EmbeddingBag(vocab, dim, mode="mean")
        self.hidden = nn.Linear(dim, dim)
        self.out = nn.Linear(dim, scribes)

    def forward(self, words):
        return self.out(F.relu(self.hidden(self.bag(words))))


@torch.no_grad()
def evaluate(net, words, who):
    net.eval()
    logits = net(words)
    net.train()
    return F.cross_entropy(logits, who).item(), (logits.argmax(1) == who).float().mean().item()


def main(args):
    torch.manual_seed(args.seed)
    gen = torch.Generator().manual_seed(args.seed)
    words, who = make_letters(14000, args.vocab, 8, gen)
    held_words, held_who = words[12000:], who[12000:]
    words, who = words[:args.letters], who[:args.letters]
    net = ScribeNet(args.vocab, 8, 64)
    opt = torch.optim.AdamW(net.parameters(), lr=args.lr, weight_decay=0.01)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, args.steps, eta_min=args.lr / 10)
    running = 0.0
    for step in range(1, args.steps + 1):
        pick = torch.randint(len(words), (args.batch,))
        loss = F.cross_entropy(net(words[pick]), who[pick])
        opt.zero_grad(set_to_none=True)
        loss.backward()
        opt.step()
        sched.step()
        running += loss.item()
        if step % 100 == 0:
            val_loss, val_acc = evaluate(net, held_words, held_who)
            print(f"[{step:4d}] loss {running / 100:.3f} | held-out loss {val_loss:.3f} acc {val_acc:.3f}")
            running = 0.0
    print("final held-out acc %.4f" % evaluate(net, held_words, held_who)[1])


if __name__ == "__main__":
    p = argparse.ArgumentParser()
    p.add_argument("--seed", type=int, default=3)
    p.add_argument("--vocab", type=int, default=1500)
    p.add_argument("--letters", type=int, default=600)
    p.add_argument("--batch", type=int, default=64)
    p.add_argument("--steps", type=int, default=1000)
    p.add_argument("--lr", type=float, default=4e-3)
    main(p.parse_args())
