"""Stateful character model: the text is cut in parallel streams and read in order, the state is carried over."""
import numpy as np
import torch
import torch.nn as nn

SYMBOLS = "abcdef()[]. "


def nested_text(n, rng):
    """Random nesting of brackets with words in between; closing brackets depend on what was opened."""
    out, stack = [], []
    while len(out) < n:
        r = rng.random()
        if r < 0.15 and len(stack) < 3:
            kind = int(rng.integers(2))
            stack.append(kind)
            out.append("(["[kind])
        elif r < 0.32 and stack:
            out.append(")]"[stack.pop()])
        else:
            word = ["ab", "cab", "fed", "bead", "face"][rng.integers(5)]
            out.extend(word + (" " if rng.random() < 0.8 else "."))
    return np.array([SYMBOLS.index(c) for c in out[:n]])


def streams(ids, n_streams):
    length = len(ids) // n_streams
    return torch.from_numpy(ids[:length * n_streams].reshape(n_streams, length))


class CharRNN(nn.Module):
    def __init__(self, n_symbols, dim=16, hidden=64):
        super().__init__()
        self.embed = nn.Embedding(n_symbols, dim)
        self.rnn = nn.LSTM(dim, hidden, batch_first=True)
        self.out = nn.Linear(hidden, n_symbols)

    def forward(self, x, state=None):
        h, state = self.rnn(self.embed(x), state)
        return self.out(h), state


def repackage(state):
    return tuple(s.detach() for s in state)


def run(model, text, bptt, optimizer=None):
    state, total, chunks = None, 0.0, 0
    model.train(optimizer is not None)
    for i in range(0, text.size(1) - bptt - 1, bptt):
        x, y = text[:, i:i + bptt], text[:, i + 1:i + 1 + bptt]
        if state is not None:
            state = repackage(state)
        logits, state = model(x, state)
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), y.flatten())
        if optimizer is not None:
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
        total += loss.item()
        chunks += 1
    return total / chunks


def main():
    torch.manual_seed(100)
    rng = np.random.default_rng(100)
    train_text, val_text = streams(nested_text(50000, rng), 20), streams(nested_text(10000, rng), 20)
    model = CharRNN(len(SYMBOLS))
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 3, 0.4)
    for epoch in range(8):
        train_loss = run(model, train_text, 25, optimizer)
        with torch.no_grad():
            val_loss = run(model, val_text, 25)
        scheduler.step()
        print(f"epoch {epoch + 1} train {train_loss:.4f} val {val_loss:.4f} bits per char {val_loss / np.log(2):.4f}")
    print(f"validation loss {val_loss:.4f}")


if __name__ == "__main__":
    main()
