import math
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset, random_split

VOCAB, LENGTH, CUISINES = 60, 16, 6


def make_recipes(n, generator):
    """Each cuisine has three pairs of marker ingredients; a recipe holds two of its own and one of another's."""
    markers = torch.randperm(36, generator=generator).view(CUISINES, 6)
    labels = torch.arange(n) % CUISINES
    tokens = torch.randint(36, VOCAB, (n, LENGTH), generator=generator)
    for i in range(n):
        other = (labels[i] + int(torch.randint(1, CUISINES, (1,), generator=generator))) % CUISINES
        own = markers[labels[i]][torch.randperm(6, generator=generator)[:4]]
        foreign = markers[other][torch.randperm(6, generator=generator)[:2]]
        where = torch.randperm(LENGTH, generator=generator)[:6]
        tokens[i, where] = torch.cat([own, foreign])
    return tokens, labels


class RecipeTransformer(nn.Module):
    def __init__(self, d_model=32, heads=4, layers=2):
        super().__init__()
        self.d_model = d_model
        self.embed = nn.Embedding(VOCAB, d_model)
        self.pos = nn.Parameter(0.02 * torch.randn(1, LENGTH, d_model))
        block = nn.TransformerEncoderLayer(d_model, heads, dim_feedforward=64, dropout=0.1, batch_first=True)
        self.encoder = nn.TransformerEncoder(block, layers)
        self.classifier = nn.Linear(d_model, CUISINES)

    def forward(self, tokens):
        h = self.embed(tokens) * math.sqrt(self.d_model) / 4 + self.pos
        return self.classifier(self.encoder(h).mean(dim=1))


def main():
    torch.manual_seed(42)
    g = torch.Generator().manual_seed(42)
    data = TensorDataset(*make_recipes(3600, g))
    train_set, val_set = random_split(data, [3000, 600], generator=g)
    train_loader = DataLoader(train_set, batch_size=50, shuffle=True, generator=g)
    val_loader = DataLoader(val_set, batch_size=200)
    model = RecipeTransformer()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-2)
    criterion = nn.CrossEntropyLoss()
    for epoch in range(7):
        model.train()
        train_loss = 0.0
        for tokens, labels in train_loader:
            loss = criterion(model(tokens), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            train_loss += loss.item()
        model.eval()
        with torch.no_grad():
            logits = torch.cat([model(t) for t, _ in val_loader])
            truth = torch.cat([l for _, l in val_loader])
        acc = (logits.argmax(-1) == truth).float().mean().item()
        print(f"epoch {epoch}: train {train_loss / len(train_loader):.4f}  val {criterion(logits, truth).item():.4f}  acc {acc:.4f}")
    print(f"val_acc={acc:.4f}")


if __name__ == "__main__":
    main()
