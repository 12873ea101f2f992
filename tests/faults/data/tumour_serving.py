"""Breast cancer classifier with a predict() helper like the one used by the web service."""
import torch
import torch.nn as nn
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split


class TumourClassifier(nn.Module):
    def __init__(self, n_features):
        super().__init__()
        self.linear1 = nn.Linear(n_features, 16)
        self.dropout = nn.Dropout(0.1)
        self.linear2 = nn.Linear(16, 2)

    def forward(self, x):
        return self.linear2(self.dropout(torch.relu(self.linear1(x))))


class Pipeline:
    """keeps the statistics of the training set next to the model"""

    def __init__(self, model):
        self.model = model

    def fit_statistics(self, X):
        self.mean = X.mean(dim=0)
        self.std = X.std(dim=0)
        self.low = X.min(dim=0).values
        self.high = X.max(dim=0).values

    def preprocess(self, X):
        return (X - self.mean) / self.std

    @torch.no_grad()
    def predict(self, X):
        self.model.eval()
        X = (X - self.low) / (self.high - self.low)
        return self.model(X).argmax(dim=1)


def train(pipe, X, y, X_test, y_test, epochs=12, batch_size=32):
    model = pipe.model
    class_share = torch.bincount(y).float() / len(y)
    criterion = nn.CrossEntropyLoss(weight=0.5 / class_share)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3, weight_decay=1e-3)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    for epoch in range(1, epochs + 1):
        model.train()
        total = 0.0
        for idx in torch.randperm(len(X)).split(batch_size):
            loss = criterion(model(pipe.preprocess(X[idx])), y[idx])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(idx) / len(X)
        scheduler.step()
        acc = (pipe.predict(X_test) == y_test).float().mean().item()
        print(f"epoch {epoch:02d}: loss={total:.4f} test_acc={acc:.4f}")


if __name__ == "__main__":
    torch.manual_seed(77)
    X, y = load_breast_cancer(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.3, stratify=y, random_state=77)
    X_train, X_test = torch.tensor(X_train).float(), torch.tensor(X_test).float()
    y_train, y_test = torch.tensor(y_train), torch.tensor(y_test)
    pipeline = Pipeline(TumourClassifier(30))
    pipeline.fit_statistics(X_train)
    train(pipeline, X_train, y_train, X_test, y_test)
