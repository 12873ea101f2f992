import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(14)
N_TRAIN, N_VAL, D, MOODS, PANEL = 3000, 1000, 20, 5, 6

# audio features -> votes of a small panel of listeners on the mood of a clip
W1, W2 = torch.randn(D, 12) / D ** 0.5, torch.randn(12, MOODS)


def clips(n):
    x = torch.randn(n, D)
    opinion = F.softmax(1.0 * torch.tanh(1.2 * x @ W1) @ W2, dim=1)
    votes = torch.distributions.Multinomial(PANEL, probs=opinion).sample()
    return x, votes / PANEL, opinion


class MoodNet(nn.Module):
    def __init__(self, hidden=96, p=0.4):
        super().__init__()
        self.fc1 = nn.Linear(D, hidden)
        self.fc2 = nn.Linear(hidden, hidden)
        self.fc3 = nn.Linear(hidden, MOODS)
        self.drop = nn.Dropout(p)

    def forward(self, x):
        x = self.drop(F.relu(self.fc1(x)))
        x = self.drop(F.relu(self.fc2(x)))
        return F.log_softmax(self.fc3(x), dim=1)


def batches(x, t, size):
    for idx in torch.randperm(len(x)).split(size):
        yield x[idx], t[idx]


x_train, t_train, _ = clips(N_TRAIN)
x_val, t_val, p_val = clips(N_VAL)
net = MoodNet()
kl = nn.KLDivLoss(reduction="batchmean")
opt = torch.optim.Adam(net.parameters(), lr=1e-3, weight_decay=1e-4)

for epoch in range(20):
    net.train()
    seen, total = 0, 0.0
    for xb, tb in batches(x_train, t_train, 50):
        opt.zero_grad()
        loss = kl(net(xb), tb)
        loss.backward()
        opt.step()
        total, seen = total + loss.item() * len(xb), seen + len(xb)
    net.eval()
    with torch.no_grad():
        out = net(x_val)
        val, true = kl(out, t_val).item(), kl(out, p_val).item()
    if epoch % 2 == 1:
        print(f"epoch {epoch + 1:02d}  KL to votes: train {total / seen:.4f} val {val:.4f}   KL to true opinion {true:.4f}")

with torch.no_grad():
    floor = kl(p_val.log(), t_val).item()
print(f"votes themselves leave a floor of {floor:.4f}")
print(f"validation KL {val:.4f}")
