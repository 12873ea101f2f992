import torch
from sklearn.datasets import make_moons
from torch import nn


class MoonNet(nn.Module):
    def __init__(self, hidden=32):
        super().__init__()
        self.fc1 = nn.Linear(2, hidden)
        self.fc2 = nn.Linear(hidden, hidden)
        self.fc3 = nn.Linear(hidden, 1)

    def forward(self, x):
        x = torch.relu(self.fc1(x))
        x = torch.relu(self.fc2(x))
        return torch.sigmoid(self.fc3(x)).squeeze(1)


class Trainer:
    def __init__(self, model, lr=0.1, batch_size=32):
        self.model = model
        self.batch_size = batch_size
        self.optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
        self.criterion = nn.BCEWithLogitsLoss()

    def fit(self, x, y, epochs):
        for epoch in range(1, epochs + 1):
            self.model.train()
            for idx in torch.randperm(len(x)).split(self.batch_size):
                loss = self.criterion(self.model(x[idx]), y[idx])
                self.optimizer.zero_grad()
                loss.backward()
                self.optimizer.step()
            if epoch % 5 == 0:
                print(f"epoch {epoch:3d} loss {self.loss(x, y):.4f}")

    @torch.no_grad()
    def loss(self, x, y):
        self.model.eval()
        return self.criterion(self.model(x), y).item()

    @torch.no_grad()
    def predict(self, x):
        self.model.eval()
        return (self.model(x) > 0).float()


torch.manual_seed(0)
points, labels = make_moons(n_samples=1500, noise=0.15, random_state=1)
points = torch.as_tensor(points, dtype=torch.float32)
points = (points - points.mean(0)) / points.std(0)
labels = torch.as_tensor(labels, dtype=torch.float32)
trainer = Trainer(MoonNet())
trainer.fit(points[:1100], labels[:1100], epochs=20)
accuracy = (trainer.predict(points[1100:]) == labels[1100:]).float().mean()
print("accuracy on held-out points: {:.3f}".format(accuracy.item()))
