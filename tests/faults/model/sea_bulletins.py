"""Character model for the sea-area bulletins read out by the harbour radio.

The studio wants plausible filler bulletins for rehearsals; we measure bits per character on bulletins
of another month.
"""
import math
import random
from dataclasses import dataclass

import torch
from torch import nn

AREAS = ["dogger", "fisher", "humber", "thames", "wight", "plymouth", "biscay", "lundy", "malin", "rockall",
         "fastnet", "shannon", "hebrides", "faeroes"]
WINDS = ["north", "northeast", "east", "southeast", "south", "southwest", "west", "northwest"]
WEATHER = ["rain later", "showers", "fair", "thundery showers", "drizzle and fog", "wintry showers", "mainly fair"]
VIEW = ["good", "moderate or poor", "good occasionally poor", "very poor", "moderate"]


@dataclass
class Config:
    hidden: int = 72
    embed: int = 32
    batch: int = 16
    span: int = 40
    lr: float = 5e-3
    max_steps: int = 330
    check_every: int = 30
    min_delta: float = 0.5
    seed: int = 12


def bulletin(rng):
    force = rng.randint(2, 8)
    wind = rng.choice(WINDS)
    parts = f"{rng.choice(AREAS)}. {wind} {force} to {force + rng.choice([1, 2])}"
    if rng.random() < 0.4:
        parts += f", veering {WINDS[(WINDS.index(wind) + rng.choice([1, 2])) % 8]}"
    sea = "slight" if force < 4 else "moderate" if force < 6 else "rough or very rough"
    return parts + f". {sea}. {rng.choice(WEATHER)}. {rng.choice(VIEW)}.\n"


def corpus(n, seed):
    rng = random.Random(seed)
    return "".join(bulletin(rng) for _ in range(n))


class Bulletins(nn.Module):
    def __init__(self, vocab, cfg):
        super().__init__()
        self.embed = nn.Embedding(vocab, cfg.embed)
        self.rnn = nn.GRU(cfg.embed, cfg.hidden, batch_first=True)
        self.out = nn.Linear(cfg.hidden, vocab)

    def forward(self, x, state=None):
        h, state = self.rnn(self.embed(x), state)
        return self.out(h), state


def crops(data, cfg, gen):
    start = torch.randint(len(data) - cfg.span - 1, (cfg.batch,), generator=gen)
    block = torch.stack([data[s:s + cfg.span + 1] for s in start])
    return block[:, :-1], block[:, 1:]


@torch.no_grad()
def bits(model, data, span=40):
    n = (len(data) - 1) // span
    x, y = data[:n * span].reshape(n, span), data[1:n * span + 1].reshape(n, span)
    logits, _ = model(x)
    return nn.functional.cross_entropy(logits.flatten(0, 1), y.flatten()).item() / math.log(2)


@torch.no_grad()
def sample(model, chars, length, gen):
    ids, state, text = torch.tensor([[chars.index("\n")]]), None, ""
    for _ in range(length):
        logits, state = model(ids, state)
        ids = torch.multinomial(logits[0, -1].softmax(-1)[None], 1, generator=gen)
        text += chars[ids.item()]
    return text


def main(cfg=Config()):
    torch.manual_seed(cfg.seed)
    gen = torch.Generator().manual_seed(cfg.seed)
    january, february = corpus(1500, 1), corpus(60, 2)
    chars = sorted(set(january + february))
    encode = lambda s: torch.tensor([chars.index(c) for c in s])
    train, valid = encode(january), encode(february)
    model = Bulletins(len(chars), cfg)
    opt = torch.optim.Adam(model.parameters(), lr=cfg.lr)
    best, running = float("inf"), 0.0
    for step in range(1, cfg.max_steps + 1):
        x, y = crops(train, cfg, gen)
        logits, _ = model(x)
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), y.flatten())
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        opt.step()
        running += loss.item() / cfg.check_every
        if step % cfg.check_every == 0:
            now = bits(model, valid)
            print(f"step {step:4d} | train {running / math.log(2):.3f} bits | valid {now:.3f} bits", flush=True)
            running = 0.0
            if now > best - cfg.min_delta:
                print("no further progress, stopping")
                break
            best = min(best, now)
    print(sample(model, chars, 160, gen))
    print(f"held-out bits per character: {bits(model, valid):.4f}")


if __name__ == "__main__":
    main()
