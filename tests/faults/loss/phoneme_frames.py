import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

torch.manual_seed(0)
rng = np.random.RandomState(0)

# 15 phonemes, each a mixture of two speakers in MFCC space
N_PHONES, N_MFCC = 15, 13
centres = rng.randn(N_PHONES, 2, N_MFCC) * 1.5
y = rng.randint(0, N_PHONES, 6000)
speaker = rng.randint(0, 2, 6000)
X = centres[y, speaker] + rng.randn(6000, N_MFCC)

X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.25, stratify=y, random_state=1)
scaler = StandardScaler().fit(X_train)
X_train = torch.from_numpy(scaler.transform(X_train)).float()
X_test = torch.from_numpy(scaler.transform(X_test)).float()
y_train, y_test = torch.from_numpy(y_train).long(), torch.from_numpy(y_test).long()


class FrameClassifier(nn.Module):
    def __init__(self):
        super(FrameClassifier, self).__init__()
        self.fc1 = nn.Linear(N_MFCC, 64)
        self.fc2 = nn.Linear(64, 64)
        self.fc3 = nn.Linear(64, N_PHONES)

    def forward(self, x):
        x = F.elu(self.fc1(x))
        x = F.elu(self.fc2(x))
        return F.softmax(self.fc3(x), dim=1)


net = FrameClassifier()
opt = torch.optim.RMSprop(net.parameters(), lr=2e-3, weight_decay=1e-4)
bs = 50
for epoch in range(16):
    net.train()
    perm = torch.randperm(len(X_train))
    epoch_loss = 0
    for i in range(0, len(perm), bs):
        batch = perm[i:i + bs]
        opt.zero_grad()
        output = net(X_train[batch])
        loss = F.nll_loss(output, y_train[batch])
        loss.backward()
        opt.step()
        epoch_loss += loss.item() * len(batch)
    net.eval()
    with torch.no_grad():
        acc = (net(X_test).argmax(dim=1) == y_test).float().mean().item()
    print("Epoch %d  loss %.4f  test acc %.4f" % (epoch, epoch_loss / len(X_train), acc))
