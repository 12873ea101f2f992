import torch
import torch.nn as nn
import torch.optim as optim
from sklearn.datasets import make_classification
from sklearn.model_selection import train_test_split

torch.manual_seed(40)

hparams = {"hidden": [64, 48], "keep_prob": 0.9, "lr": 2e-3, "batch": 48, "epochs": 22}

features, grade = make_classification(n_samples=3000, n_features=24, n_informative=12, n_redundant=4, n_classes=6,
                                      n_clusters_per_class=1, class_sep=1.3, flip_y=0.01, random_state=3)
f_train, f_test, g_train, g_test = train_test_split(features, grade, test_size=0.25, stratify=grade, random_state=3)
center, spread = f_train.mean(axis=0), f_train.std(axis=0)
f_train = torch.from_numpy((f_train - center) / spread).float()
f_test = torch.from_numpy((f_test - center) / spread).float()
g_train, g_test = torch.from_numpy(g_train).long(), torch.from_numpy(g_test).long()


class BeanNet(nn.Module):
    def __init__(self, n_in, n_out, hidden, keep_prob):
        super(BeanNet, self).__init__()
        blocks = []
        for h in hidden:
            blocks += [nn.Linear(n_in, h), nn.LeakyReLU(0.1), nn.Dropout(keep_prob)]
            n_in = h
        self.blocks = nn.Sequential(*blocks)
        self.output = nn.Linear(n_in, n_out)

    def forward(self, x):
        return self.output(self.blocks(x))


net = BeanNet(features.shape[1], 6, hparams["hidden"], hparams["keep_prob"])
criterion = nn.CrossEntropyLoss()
optimizer = optim.Adam(net.parameters(), lr=hparams["lr"], weight_decay=1e-4)

for epoch in range(hparams["epochs"]):
    net.train()
    running_loss, batches = 0.0, 0
    order = torch.randperm(f_train.size(0))
    for start in range(0, f_train.size(0), hparams["batch"]):
        pick = order[start:start + hparams["batch"]]
        optimizer.zero_grad()
        loss = criterion(net(f_train[pick]), g_train[pick])
        loss.backward()
        optimizer.step()
        running_loss += loss.item()
        batches += 1
    net.eval()
    with torch.no_grad():
        outputs = net(f_test)
        test_loss = criterion(outputs, g_test).item()
        correct = (outputs.argmax(dim=1) == g_test).sum().item()
    if epoch % 2 == 1:
        print("[%d] loss: %.3f  test loss: %.3f  test acc: %.3f" % (epoch + 1, running_loss / batches, test_loss,
                                                                  correct / len(g_test)))
print("Accuracy of the network on the test beans: %.4f" % (correct / len(g_test)))
