import torch
from sklearn.datasets import make_classification
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def get_data():
    X, y = make_classification(
        n_samples=6000, n_features=40, n_informative=6, n_redundant=0, class_sep=1.0, flip_y=0.04, random_state=2
    )
    X_train, X_test, y_train, y_test = train_test_split(X, y, train_size=150, test_size=1000, random_state=2)
    sc = StandardScaler().fit(X_train)
    f = lambda a: torch.tensor(sc.transform(a), dtype=torch.float32)  # noqa: E731
    return f(X_train), f(X_test), torch.tensor(y_train), torch.tensor(y_test)


def evaluate(model, X, y):
    model.eval()
    with torch.no_grad():
        logits = model(X)
    return nn.functional.cross_entropy(logits, y).item(), (logits.argmax(1) == y).float().mean().item()


def main():
    torch.manual_seed(0)
    X_train, X_test, y_train, y_test = get_data()
    loader = DataLoader(TensorDataset(X_train, y_train), batch_size=50, shuffle=True)
    model = nn.Sequential(nn.Linear(40, 64), nn.ReLU(), nn.Dropout(0.2), nn.Linear(64, 2))
    optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
    updates = 0
    while updates < 600:
        model.train()
        for xb, yb in loader:
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(xb), yb)
            loss.backward()
            optimizer.step()
            updates += 1
            if updates % 60 == 0:
                print(f"{updates:5d} train %.3f/%.3f" % evaluate(model, X_train, y_train), end="  ")
                print("test %.4f/%.4f" % evaluate(model, X_test, y_test))
                model.train()


main()
