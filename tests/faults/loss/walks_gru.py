import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, random_split

NAMES = ["north", "east", "south", "west", "northeast", "southeast"]
MOVES = torch.tensor([[0, 1], [1, 0], [0, -1], [-1, 0], [1, 1], [1, -1]], dtype=torch.float32)


class Walks(Dataset):
    """Noisy walks; the label is the heading."""

    def __init__(self, n, steps=12):
        self.heading = torch.randint(0, len(NAMES), (n,))
        self.path = 0.6 * MOVES[self.heading][:, None] + 0.6 * torch.randn(n, steps, 2)
        self.index = {name[:5]: i for i, name in enumerate(NAMES)}

    def __len__(self):
        return len(self.heading)

    def __getitem__(self, i):
        name = NAMES[self.heading[i]]
        return self.path[i], self.index[name[:5]], int(self.heading[i])


class HeadingGRU(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(2, 24, batch_first=True)
        self.out = nn.Linear(24, len(NAMES))

    def forward(self, path):
        states, _ = self.gru(path)
        return self.out(states[:, -1])


def main():
    torch.manual_seed(0)
    train_set, test_set = random_split(Walks(2000), [1600, 400])
    train_loader = DataLoader(train_set, batch_size=40, shuffle=True)
    test_loader = DataLoader(test_set, batch_size=200)
    model = HeadingGRU()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
    loss_fn = nn.CrossEntropyLoss()
    for epoch in range(1, 9):
        model.train()
        for path, label, _ in train_loader:
            optimizer.zero_grad()
            loss = loss_fn(model(path), label)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimizer.step()
        model.eval()
        with torch.no_grad():
            right = sum((model(path).argmax(1) == heading).sum().item() for path, _, heading in test_loader)
        print(f"epoch {epoch} | loss {loss.item():.3f} | heading found {right / len(test_set):.1%}")


main()
