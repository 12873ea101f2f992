import argparse
import math
import random
import torch
from torch import nn

ap = argparse.ArgumentParser(description="character model of a harbour log")
ap.add_argument("--hidden", type=int, default=64)
ap.add_argument("--bptt", type=int, default=24)
ap.add_argument("--batch", type=int, default=32)
ap.add_argument("--lr", type=float, default=2.0)
ap.add_argument("--clip", type=float, default=0.01)
ap.add_argument("--epochs", type=int, default=5)
opt = ap.parse_args()
torch.manual_seed(5)
random.seed(5)


def write_log(n):
    ships = ["anna", "brigid", "carola", "dunlin", "estrella", "fulmar", "gannet"]
    verbs = ["left", "entered", "passed", "awaited"]
    places = ["north quay", "the roads", "south basin", "dry dock"]
    cargo = ["coal", "timber", "herring", "grain", "salt"]
    return "".join(f"{random.choice(ships)} {random.choice(verbs)} {random.choice(places)} with "
                   f"{random.choice(cargo)}.\n" for _ in range(n))


train_text, valid_text = write_log(2200), write_log(300)
chars = sorted(set(train_text))
index = {c: i for i, c in enumerate(chars)}


def batchify(text, width):
    ids = torch.tensor([index[c] for c in text])
    ids = ids[: len(ids) // width * width]
    return ids.view(width, -1).t().contiguous()


class CharLSTM(nn.Module):
    def __init__(self, n_chars, hidden):
        super().__init__()
        self.embed = nn.Embedding(n_chars, 24)
        self.rnn = nn.LSTM(24, hidden)
        self.proj = nn.Linear(hidden, n_chars)

    def forward(self, x, state=None):
        out, state = self.rnn(self.embed(x), state)
        return self.proj(out), state


def evaluate(model, data):
    model.eval()
    total, count, state = 0.0, 0, None
    with torch.no_grad():
        for i in range(0, len(data) - 1, opt.bptt):
            n = min(opt.bptt, len(data) - 1 - i)
            logits, state = model(data[i:i + n], state)
            target = data[i + 1:i + 1 + n]
            total += nn.functional.cross_entropy(logits.flatten(0, 1), target.flatten(), reduction="sum").item()
            count += target.numel()
    return total / count


train_data, valid_data = batchify(train_text, opt.batch), batchify(valid_text, 8)
model = CharLSTM(len(chars), opt.hidden)
sgd = torch.optim.SGD(model.parameters(), lr=opt.lr)
criterion = nn.CrossEntropyLoss()
for epoch in range(1, opt.epochs + 1):
    model.train()
    state, losses = None, []
    for i in range(0, len(train_data) - 1 - opt.bptt, opt.bptt):
        x, y = train_data[i:i + opt.bptt], train_data[i + 1:i + 1 + opt.bptt]
        if state is not None:
            state = tuple(s.detach() for s in state)
        logits, state = model(x, state)
        loss = criterion(logits.flatten(0, 1), y.flatten())
        sgd.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), opt.clip)
        sgd.step()
        losses.append(loss.item())
    val = evaluate(model, valid_data)
    print(f"epoch {epoch} | train {sum(losses) / len(losses):.3f} | valid {val:.3f} | bits per char {val / math.log(2):.3f} | perplexity {math.exp(val):.3f}")
