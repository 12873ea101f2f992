"""Which glen does the echo come from? Two-dimensional convolution over a tiny spectrogram."""
import torch
from torch import nn

torch.manual_seed(27)
torch.set_num_threads(1)
GLENS = 4


def spectrograms(n):
    glen = torch.randint(0, GLENS, (n,))
    time = torch.arange(16.0)
    freq = torch.arange(12.0)
    delay = torch.tensor([3.0, 5.0, 7.0, 9.0])[glen][:, None] + 0.3 * torch.randn(n, 1)
    start = 1.0 + 3 * torch.rand(n, 1)
    envelope = torch.exp(-(time - start).abs()) + 0.8 * torch.exp(-(time - start - delay).abs())
    tone = torch.exp(-((freq - 2 - 7 * torch.rand(n, 1)) / 1.5) ** 2)
    return (3 * tone[:, :, None] * envelope[:, None, :] + 0.4 * torch.randn(n, 12, 16)).unsqueeze(1), glen


class EchoNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 12, (3, 5), padding=(1, 2))
        self.conv2 = nn.Conv2d(12, 24, (3, 7), padding=(1, 3))
        self.pool = nn.MaxPool2d((2, 1))
        self.fc = nn.Linear(24, GLENS)

    def forward(self, x):
        x = self.pool(torch.relu(self.conv1(x)))
        x = torch.relu(self.conv2(x))
        x = x.amax(dim=(2, 3))
        return nn.functional.log_softmax(self.fc(x), dim=-1)


x_train, y_train = spectrograms(1600)
x_test, y_test = spectrograms(400)
net = EchoNet()
opt = torch.optim.RMSprop(net.parameters(), lr=1e-3, momentum=0.5)
nll = nn.NLLLoss()

for epoch in range(12):
    net.train()
    losses = torch.zeros(0)
    for rows in torch.randperm(len(x_train)).split(50):
        opt.zero_grad()
        loss = nll(net(x_train[rows]), y_train[rows])
        loss.backward()
        opt.step()
        losses = torch.cat([losses, loss.detach().view(1)])
    net.eval()
    with torch.no_grad():
        logp = net(x_test)
    print(f"epoch {epoch:2d} nll {losses.mean():.4f} test nll {nll(logp, y_test):.4f} test acc {(logp.argmax(1) == y_test).float().mean():.3f}")
