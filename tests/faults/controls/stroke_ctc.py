import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.nn.utils.rnn import pad_sequence

torch.manual_seed(16)
SYMBOLS, FEATS, MAX_LEN = 6, 5, 5
prototypes = 1.3 * torch.randn(SYMBOLS + 1, FEATS)


def make_line(symbols):
    """A line of handwriting: each symbol lasts 2 to 4 frames, with a short gap between symbols."""
    frames = []
    for s in symbols:
        frames += [int(s)] * int(torch.randint(2, 5, ())) + [0] * int(torch.randint(1, 3, ()))
    return prototypes[torch.tensor(frames)] + 0.7 * torch.randn(len(frames), FEATS)


def dataset(n):
    lines = []
    for _ in range(n):
        k = int(torch.randint(2, MAX_LEN + 1, ()))
        symbols = torch.randint(1, SYMBOLS + 1, (k,))
        lines.append((make_line(symbols), symbols))
    return lines


def collate(lines):
    xs, ys = zip(*lines)
    x_len = torch.tensor([len(x) for x in xs])
    y_len = torch.tensor([len(y) for y in ys])
    return pad_sequence(xs, batch_first=True), torch.cat(ys), x_len, y_len


class LineReader(nn.Module):
    def __init__(self, hidden=24):
        super().__init__()
        self.lstm = nn.LSTM(FEATS, hidden, batch_first=True, bidirectional=True)
        self.out = nn.Linear(2 * hidden, SYMBOLS + 1)

    def forward(self, x, x_len):
        packed = nn.utils.rnn.pack_padded_sequence(x, x_len, batch_first=True, enforce_sorted=False)
        h, _ = nn.utils.rnn.pad_packed_sequence(self.lstm(packed)[0], batch_first=True)
        return F.log_softmax(self.out(h), dim=-1).transpose(0, 1)


def greedy(log_probs, x_len):
    texts = []
    for path, n in zip(log_probs.argmax(-1).t(), x_len):
        path = torch.unique_consecutive(path[:n])
        texts.append(path[path > 0])
    return texts


train_lines, test_lines = dataset(1600), dataset(400)
reader = LineReader()
ctc = nn.CTCLoss(blank=0)
opt = torch.optim.Adam(reader.parameters(), lr=6e-3)
sched = torch.optim.lr_scheduler.OneCycleLR(opt, max_lr=6e-3, total_steps=12 * 32)


def exact_match():
    reader.eval()
    x, _, x_len, _ = collate(test_lines)
    with torch.no_grad():
        texts = greedy(reader(x, x_len), x_len)
    return sum(torch.equal(t, y) for t, (_, y) in zip(texts, test_lines)) / len(test_lines)


for epoch in range(12):
    reader.train()
    total = 0.0
    for rows in torch.randperm(len(train_lines)).split(50):
        x, y, x_len, y_len = collate([train_lines[i] for i in rows])
        loss = ctc(reader(x, x_len), y, x_len, y_len)
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(reader.parameters(), 5.0)
        opt.step()
        sched.step()
        total += loss.item() * len(rows)
    print(f"epoch {epoch} ctc {total / len(train_lines):.4f} exact lines {exact_match():.3f}")
print(f"lines read without error: {exact_match():.4f}")
