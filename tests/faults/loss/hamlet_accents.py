"""Tell a speaker's home valley (codes 1 to 6 in the field sheets) from a string of phones."""
import torch
from torch import nn
from torch.nn.utils import clip_grad_norm_
from torch.utils.data import DataLoader, Dataset

PHONES, LENGTH = 30, 15
VALLEYS = {1: "Aune", 2: "Brock", 3: "Calder", 4: "Dove", 5: "Erme", 6: "Frome"}
FIRST_CODE = 0


def to_target(code):
    return (code - FIRST_CODE).clamp(0, len(VALLEYS) - 1)


def to_code(target):
    return target + FIRST_CODE


class FieldSheets(Dataset):
    def __init__(self, count, seed):
        rules = torch.Generator().manual_seed(3)
        lexicon = torch.randint(0, PHONES, (40, 3), generator=rules)
        shift = torch.arange(PHONES).repeat(7, 1)
        for valley in VALLEYS:
            swap = torch.randperm(PHONES, generator=rules)[:14]
            shift[valley, swap] = swap.roll(1)
        g = torch.Generator().manual_seed(seed)
        self.codes = torch.randint(1, 7, (count,), generator=g)
        words = torch.randint(0, 40, (count, LENGTH // 3), generator=g)
        phones = lexicon[words].flatten(1)
        spoken = torch.gather(shift[self.codes], 1, phones)
        slips = torch.rand(count, LENGTH, generator=g) < 0.05
        self.phones = torch.where(slips, torch.randint(0, PHONES, (count, LENGTH), generator=g), spoken)

    def __len__(self):
        return len(self.codes)

    def __getitem__(self, index):
        return self.phones[index], self.codes[index]


class AccentReader(nn.Module):
    def __init__(self, size=40):
        super().__init__()
        self.embed = nn.Embedding(PHONES, 24)
        self.gru = nn.GRU(24, size, batch_first=True, bidirectional=True)
        self.drop = nn.Dropout(0.15)
        self.head = nn.Linear(2 * size, len(VALLEYS))

    def forward(self, phones):
        states, _ = self.gru(self.drop(self.embed(phones)))
        return self.head(self.drop(states.max(dim=1).values))


def check(model, loader):
    model.eval()
    hits = {code: [] for code in VALLEYS}
    with torch.no_grad():
        for phones, codes in loader:
            named = to_code(model(phones).argmax(1))
            for guess, code in zip(named.tolist(), codes.tolist()):
                hits[code].append(guess == code)
    return hits


torch.manual_seed(77)
train_loader = DataLoader(FieldSheets(2000, seed=10), batch_size=40, shuffle=True)
test_loader = DataLoader(FieldSheets(900, seed=11), batch_size=300)
model = AccentReader()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=4, gamma=0.3)
criterion = nn.CrossEntropyLoss()

for epoch in range(11):
    model.train()
    total = count = 0
    for phones, codes in train_loader:
        loss = criterion(model(phones), to_target(codes))
        optimizer.zero_grad()
        loss.backward()
        clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        total += loss.item() * len(codes)
        count += len(codes)
    scheduler.step()
    hits = check(model, test_loader)
    flat = [h for valley in hits.values() for h in valley]
    print(f"epoch {epoch + 1:2d}  loss {total / count:.4f}  test accuracy {sum(flat) / len(flat):.4f}")

for code, valley in hits.items():
    print(f"  {VALLEYS[code]:7s} {sum(valley) / len(valley):.3f}")
print(f"valley accuracy: {sum(flat) / len(flat):.4f}")
