# Stars a book club's members give to paperbacks: factor model, to suggest the next read.
import numpy as np
import pandas as pd
import torch
import torch.nn as nn

np.random.seed(77)
torch.manual_seed(77)

MEMBERS, BOOKS, RANK = 420, 260, 4


def read_export(rows):
    """What the club's web shop hands over: one line a rating, by member, book and star count."""
    taste, style = np.random.randn(MEMBERS, RANK), np.random.randn(BOOKS, RANK)
    mood, fame = 0.5 * np.random.randn(MEMBERS), 0.6 * np.random.randn(BOOKS)
    m = np.random.randint(0, MEMBERS, rows)
    b = np.random.randint(0, BOOKS, rows)
    liking = mood[m] + fame[b] + 0.4 * (taste[m] * style[b]).sum(1) + 0.5 * np.random.randn(rows)
    frame = pd.DataFrame({"member": m, "book": b, "stars": (3.2 + liking).clip(0.5, 5.5)})
    return frame.drop_duplicates(["member", "book"]).reset_index(drop=True)


export = read_export(20000)
app = export.sample(frac=0.85, random_state=1)        # the phone app keeps its own list
web = export.sample(frac=0.85, random_state=2)
ratings = pd.concat([app, web], ignore_index=True)
ratings = ratings.sample(frac=1.0, random_state=3).reset_index(drop=True)
print(ratings.describe().loc[["count", "mean", "std"]].round(2))

n_test = len(ratings) // 5
test, train = ratings.iloc[:n_test], ratings.iloc[n_test:]
centre, spread = train.stars.mean(), train.stars.std()


def tensors(frame):
    return (torch.tensor(frame.member.values), torch.tensor(frame.book.values),
            torch.tensor((frame.stars.values - centre) / spread, dtype=torch.float32))


class Factors(nn.Module):
    def __init__(self, k=5):
        super().__init__()
        self.member, self.book = nn.Embedding(MEMBERS, k), nn.Embedding(BOOKS, k)
        self.member_bias, self.book_bias = nn.Embedding(MEMBERS, 1), nn.Embedding(BOOKS, 1)
        for table in (self.member, self.book):
            nn.init.normal_(table.weight, std=0.2)
        for table in (self.member_bias, self.book_bias):
            nn.init.zeros_(table.weight)

    def forward(self, m, b):
        dot = (self.member(m) * self.book(b)).sum(-1)
        return dot + self.member_bias(m).squeeze(-1) + self.book_bias(b).squeeze(-1)


model = Factors()
optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
PENALTY = 0.03
m_tr, b_tr, y_tr = tensors(train)
m_te, b_te, y_te = tensors(test)


def rmse(m, b, y):
    with torch.no_grad():
        return spread * (model(m, b) - y).pow(2).mean().sqrt().item()


batch = 256
for epoch in range(1, 25):
    if epoch in (16, 21):
        for group in optimizer.param_groups:
            group["lr"] /= 4
    perm = torch.randperm(len(y_tr))
    for at in range(0, len(perm), batch):
        i = perm[at:at + batch]
        m, b = m_tr[i], b_tr[i]
        fit = (model(m, b) - y_tr[i]).pow(2).mean()
        size = model.member(m).pow(2).sum(1).mean() + model.book(b).pow(2).sum(1).mean()
        loss = fit + PENALTY * size
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    if epoch % 3 == 0:
        print(f"epoch={epoch:>2} train_rmse={rmse(m_tr, b_tr, y_tr):.3f} test_rmse={rmse(m_te, b_te, y_te):.3f}")

print("test RMSE in stars:", round(rmse(m_te, b_te, y_te), 4))
