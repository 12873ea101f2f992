"""Read short words from a noisy one-dimensional scan line with a conv net and CTC."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, Dataset

ALPHABET = "aehilnorst"
char_to_id = {c: i for i, c in enumerate(ALPHABET)}
id_to_char = {i: c for c, i in char_to_id.items()}
N_OUT = len(ALPHABET) + 1
WIDTH, LETTER = 64, 10
torch.manual_seed(14)
SHAPES = torch.randn(len(ALPHABET), 4, LETTER)


class ScanLines(Dataset):
    def __init__(self, n, seed):
        g = torch.Generator().manual_seed(seed)
        self.items = []
        for _ in range(n):
            length = int(torch.randint(3, 6, (1,), generator=g))
            letters = torch.randint(0, len(ALPHABET), (length,), generator=g)
            line = 0.35 * torch.randn(4, WIDTH, generator=g)
            at = int(torch.randint(0, 4, (1,), generator=g))
            for k in letters.tolist():
                line[:, at:at + LETTER] += SHAPES[k]
                at += LETTER + int(torch.randint(0, 3, (1,), generator=g))
            self.items.append((line, "".join(ALPHABET[k] for k in letters)))

    def __len__(self):
        return len(self.items)

    def __getitem__(self, i):
        return self.items[i]


def collate(batch):
    lines, words = zip(*batch)
    targets = torch.tensor([char_to_id[c] for w in words for c in w])
    return torch.stack(lines), targets, torch.tensor([len(w) for w in words]), words


class Reader(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Sequential(nn.Conv1d(4, 48, 7, padding=3), nn.BatchNorm1d(48), nn.ReLU(), nn.MaxPool1d(2),
                                  nn.Conv1d(48, 48, 7, padding=3), nn.BatchNorm1d(48), nn.ReLU(), nn.MaxPool1d(2))
        self.out = nn.Conv1d(48, N_OUT, 1)

    def forward(self, x):
        return F.log_softmax(self.out(self.conv(x)), dim=1).permute(2, 0, 1)


def greedy(log_probs, blank=0):
    words = []
    for path in log_probs.argmax(2).t().tolist():
        kept = [k for j, k in enumerate(path) if k != blank and (j == 0 or k != path[j - 1])]
        words.append("".join(id_to_char.get(k, "?") for k in kept))
    return words


def edits(a, b):
    row = list(range(len(b) + 1))
    for i, ca in enumerate(a, 1):
        prev, row[0] = row[0], i
        for j, cb in enumerate(b, 1):
            prev, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, prev + (ca != cb))
    return row[-1]


model, ctc = Reader(), nn.CTCLoss(zero_infinity=True)
optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
train = DataLoader(ScanLines(1500, 1), batch_size=50, shuffle=True, collate_fn=collate)
test = DataLoader(ScanLines(300, 2), batch_size=100, collate_fn=collate)
for epoch in range(1, 9):
    model.train()
    total = 0.0
    for lines, targets, lengths, _ in train:
        log_probs = model(lines)
        loss = ctc(log_probs, targets, torch.full((len(lines),), log_probs.size(0)), lengths)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    model.eval()
    wrong = count = 0
    with torch.no_grad():
        for lines, _, _, words in test:
            for guess, word in zip(greedy(model(lines)), words):
                wrong += edits(guess, word)
                count += len(word)
    print(f"epoch {epoch} ctc {total / len(train):.4f} character error rate {wrong / count:.4f}")
