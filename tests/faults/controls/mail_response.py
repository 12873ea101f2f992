import numpy as np
import pandas as pd
import torch
from sklearn.metrics import roc_auc_score, log_loss
from sklearn.model_selection import train_test_split
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def campaign(n=9000, seed=12):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({
        "recency": rng.exponential(1.0, n), "frequency": rng.poisson(3, n), "spend": rng.lognormal(0, 0.6, n),
        "age": rng.normal(50, 14, n), "mailings": rng.integers(0, 12, n),
    })
    score = -2.9 - 0.6 * frame.recency + 0.25 * (frame.frequency - 3) + 0.4 * np.log(frame.spend) - 0.05 * frame.mailings
    frame["replied"] = (rng.random(n) < 1 / (1 + np.exp(-score))).astype(int)
    return frame, score


class ResponseModel(nn.Module):
    def __init__(self, n_in, hidden=16, base_rate=0.05):
        super().__init__()
        self.hidden = nn.Linear(n_in, hidden)
        self.out = nn.Linear(hidden, 1)
        nn.init.constant_(self.out.bias, float(np.log(base_rate / (1 - base_rate))))

    def forward(self, x):
        return self.out(torch.tanh(self.hidden(x))).squeeze(1)


def main():
    torch.manual_seed(12)
    frame, score = campaign()
    train, test = train_test_split(frame, test_size=0.33, stratify=frame["replied"], random_state=1)
    features = [c for c in frame.columns if c != "replied"]
    mean, std = train[features].mean(), train[features].std()

    def tensors(part):
        x = torch.tensor(((part[features] - mean) / std).to_numpy(), dtype=torch.float32)
        return x, torch.tensor(part["replied"].to_numpy(), dtype=torch.float32)

    x_test, y_test = tensors(test)
    loader = DataLoader(TensorDataset(*tensors(train)), batch_size=100, shuffle=True)
    model = ResponseModel(len(features), base_rate=train["replied"].mean())
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-3)
    bce = nn.BCEWithLogitsLoss()
    for epoch in range(12):
        model.train()
        mean_loss = np.mean([step(model, optimizer, bce, x, y) for x, y in loader])
        model.eval()
        with torch.no_grad():
            p = torch.sigmoid(model(x_test)).numpy()
        print(f"epoch {epoch + 1:2d}: train {mean_loss:.4f}  test {log_loss(y_test, p):.4f}  auc {roc_auc_score(y_test, p):.4f}")
    truth = 1 / (1 + np.exp(-score.loc[test.index]))
    print(f"true probabilities: log loss {log_loss(y_test, truth):.4f}, auc of {roc_auc_score(y_test, truth):.4f}; largest forecast {p.max():.2f}")
    print(f"reply AUC {roc_auc_score(y_test, p):.4f}")


def step(model, optimizer, bce, x, y):
    optimizer.zero_grad()
    loss = bce(model(x), y)
    loss.backward()
    optimizer.step()
    return loss.item()


if __name__ == "__main__":
    main()
