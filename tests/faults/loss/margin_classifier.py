import torch
from sklearn.datasets import make_classification
from sklearn.preprocessing import StandardScaler

torch.manual_seed(0)

X, y = make_classification(n_samples=2000, n_features=12, n_informative=8, n_redundant=2,
                           weights=[0.54], class_sep=1.3, flip_y=0, random_state=5)
X = torch.tensor(StandardScaler().fit_transform(X), dtype=torch.float32)
y = torch.tensor(2.0 * y - 1.0, dtype=torch.float32)
X_train, y_train, X_test, y_test = X[:1500], y[:1500], X[1500:], y[1500:]


class SVMNet(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = torch.nn.Linear(12, 32)
        self.score = torch.nn.Linear(32, 1)

    def forward(self, x):
        return self.score(torch.relu(self.hidden(x)))


def hinge(scores, targets):
    return torch.clamp(1 - targets * scores, min=0).mean()


def balanced_accuracy(scores, targets):
    hit = (scores > 0) == (targets > 0)
    return 0.5 * (hit[targets > 0].float().mean() + hit[targets < 0].float().mean())


model = SVMNet()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-4)
batch_size = 6
for epoch in range(6):
    order = torch.randperm(len(X_train))
    for i in range(0, len(order), batch_size):
        rows = order[i:i + batch_size]
        loss = hinge(model(X_train[rows]), y_train[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        score = balanced_accuracy(model(X_test).squeeze(1), y_test)
    print(f"Epoch {epoch + 1}/6 | hinge {loss.item():.3f} | balanced acc {score.item():.3f}")
