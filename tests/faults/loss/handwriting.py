import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from sklearn.preprocessing import StandardScaler

torch.manual_seed(0)

digits = load_digits()
labels = torch.tensor(digits.target, dtype=torch.long)
perm = torch.randperm(len(labels))
train_idx, test_idx = perm[:1300], perm[1300:]
scaler = StandardScaler().fit(digits.data[train_idx])
pixels = torch.tensor(scaler.transform(digits.data), dtype=torch.float32)

n_classes = int(labels.max())
print("classes:", n_classes, "samples:", len(labels))


class HandwritingNet(nn.Module):
    def __init__(self, n_in, n_hidden, n_out, p=0.2):
        super().__init__()
        self.hidden = nn.Linear(n_in, n_hidden)
        self.drop = nn.Dropout(p)
        self.output = nn.Linear(n_hidden, n_out)

    def forward(self, x):
        return self.output(self.drop(torch.tanh(self.hidden(x))))


net = HandwritingNet(64, 48, n_classes)
loss_fn = nn.CrossEntropyLoss()
optimizer = torch.optim.AdamW(net.parameters(), lr=4e-3, weight_decay=0.05)
scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.88)

for epoch in range(20):
    net.train()
    order = train_idx[torch.randperm(len(train_idx))]
    running = 0.0
    for batch in order.split(50):
        # keep targets inside the output range (device-side assert otherwise)
        target = labels[batch].clamp(0, n_classes - 1)
        optimizer.zero_grad()
        loss = loss_fn(net(pixels[batch]), target)
        loss.backward()
        optimizer.step()
        running += loss.item() * len(batch)
    scheduler.step()
    net.eval()
    with torch.no_grad():
        pred = net(pixels[test_idx]).argmax(dim=1)
        acc = (pred == labels[test_idx]).float().mean().item()
    print("epoch %2d | loss %.4f | test acc %.4f" % (epoch, running / len(order), acc))
