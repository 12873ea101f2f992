import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import make_classification
from sklearn.preprocessing import StandardScaler

torch.manual_seed(0)

features, classes = make_classification(
    n_samples=2400, n_features=20, n_informative=12, n_classes=5, n_clusters_per_class=1,
    class_sep=1.6, flip_y=0, random_state=11,
)
features = StandardScaler().fit_transform(features)
features = torch.tensor(features, dtype=torch.float32)
classes = torch.tensor(classes)
train_x, test_x = features[:1800], features[1800:]
train_y, test_y = classes[:1800], classes[1800:]


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(20, 40)
        self.fc2 = nn.Linear(40, 5)

    def forward(self, x):
        x = torch.tanh(self.fc1(x))
        x = self.fc2(x)
        return x


net = Net()
optimizer = torch.optim.Adam(net.parameters(), lr=0.005)
for epoch in range(12):
    order = torch.randperm(1800)
    for k in range(0, 1800, 60):
        pick = order[k:k + 60]
        output = net(train_x[pick])
        loss = F.nll_loss(output, train_y[pick])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print("Epoch: {:2d} \tLoss: {:.6f}".format(epoch, loss.item()))

with torch.no_grad():
    hits = net(test_x).argmax(dim=1).eq(test_y).sum().item()
print("Correct: {}/{} = {:.1f}%".format(hits, len(test_y), 100 * hits / len(test_y)))
