import torch
from sklearn.datasets import load_digits
from torch import nn


class AutoEncoder(nn.Module):
    def __init__(self, code_size=16):
        super().__init__()
        self.enc1 = nn.Linear(64, 48)
        self.enc2 = nn.Linear(48, code_size)
        self.dec1 = nn.Linear(code_size, 48)
        self.dec2 = nn.Linear(48, 64)
        self.act = nn.ReLU()
        nn.init.uniform_(self.enc2.weight, -0.3, 0.2)

    def encode(self, x):
        return self.act(self.enc2(self.act(self.enc1(x))))

    def forward(self, x):
        return self.dec2(self.act(self.dec1(self.encode(x))))


def main():
    torch.manual_seed(0)
    images = torch.tensor(load_digits().images, dtype=torch.float32).flatten(1) / 16
    images = images[torch.randperm(len(images))]
    train, test = images[:1500], images[1500:]

    model = AutoEncoder()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    criterion = nn.MSELoss()
    for epoch in range(1, 26):
        model.train()
        for batch in train[torch.randperm(len(train))].split(50):
            loss = criterion(model(batch), batch)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        if epoch % 5 == 0:
            model.eval()
            with torch.no_grad():
                test_loss = criterion(model(test), test)
            print(f"epoch {epoch:3d}: reconstruction error {test_loss.item():.5f}")


if __name__ == "__main__":
    main()
