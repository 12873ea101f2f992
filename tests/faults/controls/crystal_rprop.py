import torch
from sklearn.datasets import load_wine
from sklearn.model_selection import StratifiedKFold
from torch import nn

data = load_wine()
features = torch.tensor(data.data, dtype=torch.float64)
labels = torch.tensor(data.target)


class Softmax2(nn.Module):
    """A narrow tanh layer under a linear classifier, in double precision."""

    def __init__(self, n_in, n_hidden, n_out):
        super().__init__()
        self.a = nn.Linear(n_in, n_hidden)
        self.b = nn.Linear(n_hidden, n_out)

    def forward(self, x):
        return self.b(torch.tanh(self.a(x)))


def fit(model, x, y, iterations=40, penalty=0.02):
    opt = torch.optim.Rprop(model.parameters(), lr=0.01, step_sizes=(1e-6, 0.5))
    ce = nn.CrossEntropyLoss()
    for it in range(iterations):
        opt.zero_grad()
        l2 = sum((w ** 2).sum() for n, w in model.named_parameters() if n.endswith("weight"))
        loss = ce(model(x), y) + penalty * l2 / 2
        loss.backward()
        opt.step()
    return loss.item()


right = 0
folds = StratifiedKFold(n_splits=6, shuffle=True, random_state=1)
for k, (tr, te) in enumerate(folds.split(data.data, data.target)):
    torch.manual_seed(100 + k)
    mean, std = features[tr].mean(0), features[tr].std(0)
    net = Softmax2(13, 5, 3).double()
    final = fit(net, (features[tr] - mean) / std, labels[tr])
    net.eval()
    with torch.no_grad():
        out = net((features[te] - mean) / std)
        test_loss = nn.functional.cross_entropy(out, labels[te]).item()
    hits = (out.argmax(1) == labels[te]).sum().item()
    right += hits
    print(f"fold {k}: training objective {final:.4f}, test loss {test_loss:.4f}, {hits}/{len(te)} right")

print(f"cross-validated accuracy: {right / len(labels):.4f}")
