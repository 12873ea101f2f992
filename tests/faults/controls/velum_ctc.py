# Unsegmented speech sounds: five consonant gestures in a 6-channel articulograph, transcripts without timing, CTC
import torch
from torch import nn
from torch.nn.utils.rnn import pad_sequence

torch.manual_seed(40)
g = torch.Generator().manual_seed(40)
SOUNDS, CH, T = 5, 6, 34
shape = torch.randn(SOUNDS, 2, CH, generator=g)


def utterances(n):
    x = 0.45 * torch.randn(n, T, CH, generator=g)
    words = []
    for i in range(n):
        k = int(torch.randint(2, 6, (), generator=g))
        w = torch.randint(0, SOUNDS, (k,), generator=g)
        pos = int(torch.randint(0, 4, (), generator=g))
        for s in w.tolist():
            d = int(torch.randint(2, 5, (), generator=g))
            a = torch.linspace(0, 1, d)[:, None]
            x[i, pos:pos + d] += (1 - a) * shape[s, 0] + a * shape[s, 1]
            pos += d + int(torch.randint(1, 4, (), generator=g))
        words.append(w + 1)
    return x, words


class Listener(nn.Module):
    def __init__(self, width=48):
        super().__init__()
        self.ears = nn.Sequential(
            nn.Conv1d(CH, width, 5, padding=2), nn.ReLU(),
            nn.Conv1d(width, width, 5, padding=2), nn.ReLU(),
            nn.Conv1d(width, width, 3, padding=1), nn.ReLU())
        self.head = nn.Linear(width, SOUNDS + 1)

    def forward(self, x):
        return self.head(self.ears(x.transpose(1, 2)).transpose(1, 2)).log_softmax(-1)


def edit(a, b):
    row = list(range(len(b) + 1))
    for i, u in enumerate(a, 1):
        prev, row[0] = row[0], i
        for j, v in enumerate(b, 1):
            prev, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, prev + (u != v))
    return row[-1]


def loss_of(net, x, words):
    lp = net(x).transpose(0, 1)
    lengths = torch.tensor([len(w) for w in words])
    return nn.functional.ctc_loss(lp, pad_sequence(words, batch_first=True), torch.full((len(words),), T), lengths)


@torch.no_grad()
def token_error(net, x, words):
    best = net(x).argmax(-1)
    slips = total = 0
    for row, w in zip(best, words):
        path = torch.unique_consecutive(row)
        slips += edit(path[path > 0].tolist(), w.tolist())
        total += len(w)
    return slips / total


train_x, train_w = utterances(6000)
test_x, test_w = utterances(600)
net = Listener()
epochs, peak = 4, 1e-2
opt = torch.optim.Adam(net.parameters(), lr=peak)
sched = torch.optim.lr_scheduler.OneCycleLR(opt, peak, total_steps=epochs * 94, pct_start=0.2)
for epoch in range(epochs):
    net.train()
    total = 0.0
    for idx in torch.randperm(len(train_w)).split(64):
        loss = loss_of(net, train_x[idx], [train_w[j] for j in idx])
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 2.0)
        opt.step()
        sched.step()
        total += loss.item()
    net.eval()
    with torch.no_grad():
        vl = loss_of(net, test_x, test_w).item()
    print(f"epoch {epoch + 1} ctc {total / 94:.4f} test ctc {vl:.4f} token error {token_error(net, test_x, test_w):.4f}")
print(f"final token error {token_error(net, test_x, test_w):.4f}")
