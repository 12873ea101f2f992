"""Predict how many stars a reader gives a recipe (reader/recipe factors plus a few facts about the recipe)."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(19)
READERS, RECIPES, N = 500, 300, 40000


def make_ratings():
    taste, style = torch.randn(READERS, 4), torch.randn(RECIPES, 4)
    mood, fame = torch.randn(READERS) * 0.5, torch.randn(RECIPES) * 0.5
    facts = torch.randn(RECIPES, 6)                        # minutes, ingredients, cost ... already standardised
    u, i = torch.randint(READERS, (N,)), torch.randint(RECIPES, (N,))
    s = 0.5 * (taste[u] * style[i]).sum(1) + mood[u] + fame[i]
    s = s + 0.5 * facts[i, 0] - 0.4 * facts[i, 1] * facts[i, 2] + 0.3 * torch.randn(N)
    return u, i, facts, 3.4 + 0.7 * s


class CookbookModel(nn.Module):
    def __init__(self, dim=8):
        super().__init__()
        self.reader = nn.Embedding(READERS, dim, sparse=True)
        self.recipe = nn.Embedding(RECIPES, dim, sparse=True)
        self.reader_bias = nn.Embedding(READERS, 1, sparse=True)
        self.recipe_bias = nn.Embedding(RECIPES, 1, sparse=True)
        for e in (self.reader, self.recipe):
            nn.init.normal_(e.weight, std=0.3)
        for e in (self.reader_bias, self.recipe_bias):
            nn.init.zeros_(e.weight)
        self.facts = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, u, i, facts):
        dot = (self.reader(u) * self.recipe(i)).sum(1)
        return dot + self.reader_bias(u).squeeze(1) + self.recipe_bias(i).squeeze(1) + self.facts(facts[i]).squeeze(1)

    def tables(self):
        return [self.reader.weight, self.recipe.weight, self.reader_bias.weight, self.recipe_bias.weight]


def rmse_and_r2(model, loader, facts):
    model.eval()
    ps, ts = [], []
    with torch.no_grad():
        for u, i, r in loader:
            ps.append(model(u, i, facts))
            ts.append(r)
    p, t = torch.cat(ps), torch.cat(ts)
    mse = (p - t).pow(2).mean()
    return mse.sqrt().item(), (1 - mse / t.var(unbiased=False)).item()


def train():
    u, i, facts, stars = make_ratings()
    stars = (stars - 3.4) / 0.95
    train_set, val_set = random_split(TensorDataset(u, i, stars), [36000, 4000])
    train_loader = DataLoader(train_set, batch_size=512, shuffle=True)
    val_loader = DataLoader(val_set, batch_size=2000)

    model = CookbookModel()
    table_opt = torch.optim.SparseAdam(model.tables(), lr=5e-3)
    dense_opt = torch.optim.Adam(model.facts.parameters(), lr=5e-3)

    for epoch in range(1, 13):
        model.train()
        seen, acc = 0, 0.0
        for ub, ib, rb in train_loader:
            table_opt.zero_grad()
            dense_opt.zero_grad()
            loss = (model(ub, ib, facts) - rb).pow(2).mean()
            loss.backward()
            dense_opt.step()
            acc += loss.item() * len(rb)
            seen += len(rb)
        rmse, r2 = rmse_and_r2(model, val_loader, facts)
        print("epoch {:>2} | train mse {:.4f} | val rmse {:.4f} | val R2 {:.4f}".format(epoch, acc / seen, rmse, r2))
    print("done, R2 of predicted stars: {:.4f}".format(r2))


train()
