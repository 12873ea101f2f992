"""Name the ballast residue from its spectrum; the laboratory sheets give full species names."""
import numpy as np
import torch
from torch import nn

torch.manual_seed(2)
torch.set_num_threads(1)
rng = np.random.default_rng(2)

SPECIES = [
    "alexandrium", "asterias", "balanus", "bugula", "carcinus", "crepidula",
    "corbula", "carijoa", "dreissena", "mnemiopsis", "mytilus", "undaria",
]
N_LINES = 30

peaks = {name: (rng.uniform(0, 29, 3), rng.uniform(0.6, 1.4, 3)) for name in SPECIES}


def measure(name):
    grid = np.arange(N_LINES)
    where, height = peaks[name]
    line = sum(h * np.exp(-((grid - w - rng.normal(0, 0.5)) / 1.5) ** 2) for w, h in zip(where, height))
    return line * rng.uniform(0.7, 1.3) + rng.normal(0, 0.25, N_LINES)


def short_code(name):
    return name[0] + name[-1]


def sheet(n):
    names = [SPECIES[k] for k in rng.integers(0, len(SPECIES), n)]
    return torch.tensor(np.stack([measure(s) for s in names]), dtype=torch.float32), names


codes = sorted({short_code(s) for s in SPECIES})
code_to_index = {c: i for i, c in enumerate(codes)}
index_to_name = {code_to_index[short_code(s)]: s for s in SPECIES}

x_train, names_train = sheet(1800)
x_test, names_test = sheet(600)
mean, std = x_train.mean(0), x_train.std(0)
x_train, x_test = (x_train - mean) / std, (x_test - mean) / std
y_train = torch.tensor([code_to_index[short_code(s)] for s in names_train])

model = nn.Sequential(nn.Linear(N_LINES, 64), nn.GELU(), nn.Dropout(0.1), nn.Linear(64, len(SPECIES)))
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=1e-2)


def identify(x):
    model.eval()
    with torch.no_grad():
        best = model(x).argmax(dim=1).tolist()
    return [index_to_name.get(k, "?") for k in best]


for epoch in range(25):
    model.train()
    order = torch.randperm(len(x_train))
    for chunk in order.split(64):
        loss = nn.functional.cross_entropy(model(x_train[chunk]), y_train[chunk])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    right = np.mean([a == b for a, b in zip(identify(x_test), names_test)])
    print(f"epoch {epoch + 1} loss {loss.item():.3f} species identified {right:.3f}")
