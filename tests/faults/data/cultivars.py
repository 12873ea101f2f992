import pandas as pd
import torch
import torch.nn as nn
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split
from torch.utils.data import DataLoader, Dataset


class WineData(Dataset):
    def __init__(self, frame, stats):
        self.y = torch.tensor(frame["target"].values)
        features = frame.drop(columns="target")
        self.x = torch.tensor(features.values, dtype=torch.float32)

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return self.x[i], self.y[i]


class Classifier(nn.Module):
    def __init__(self, n_in=13, n_hidden=16, n_out=3):
        super().__init__()
        self.fc1 = nn.Linear(n_in, n_hidden)
        self.fc2 = nn.Linear(n_hidden, n_out)

    def forward(self, x):
        return self.fc2(torch.relu(self.fc1(x)))


def main():
    torch.manual_seed(10)
    frame = load_wine(as_frame=True).frame
    train_frame, test_frame = train_test_split(frame, test_size=0.3, stratify=frame["target"], random_state=10)
    columns = train_frame.drop(columns="target")
    stats = (columns.mean(), columns.std())
    print(pd.concat(stats, axis=1).head(3))
    train_loader = DataLoader(WineData(train_frame, stats), batch_size=16, shuffle=True)
    test_set = WineData(test_frame, stats)

    model = Classifier()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3, weight_decay=1e-3)
    for epoch in range(1, 31):
        model.train()
        epoch_loss = 0.0
        for x, y in train_loader:
            loss = criterion(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            epoch_loss += loss.item() * len(y)
        if epoch % 3 == 0:
            model.eval()
            with torch.no_grad():
                out = model(test_set.x)
            acc = (out.argmax(1) == test_set.y).float().mean().item()
            print(f"epoch {epoch} train loss {epoch_loss / len(train_loader.dataset):.4f} "
                  f"test loss {criterion(out, test_set.y).item():.4f} test acc {acc:.4f}")


if __name__ == "__main__":
    main()
