"""Origin of flint arrowheads from trace elements."""
import torch
import torch.nn as nn

torch.set_num_threads(1)
torch.manual_seed(50)

QUARRIES = 9


def assays(n, centres):
    quarry = torch.randint(0, QUARRIES, (n,))
    vein = torch.randint(0, 3, (n,))
    return centres[quarry, vein] + 0.55 * torch.randn(n, 10), quarry


class ArrowNet(nn.Module):
    def __init__(self, width=64, depth=3):
        super().__init__()
        sizes = [10] + [width] * depth
        self.hidden = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes, sizes[1:]))
        self.final = nn.Linear(width, QUARRIES)
        for layer in self.hidden:
            nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu")
            nn.init.uniform_(layer.bias, -8.0, 0.0)

    def forward(self, x):
        for layer in self.hidden:
            x = torch.relu(layer(x))
        return self.final(x)


centres = torch.randn(QUARRIES, 3, 10)
train_x, train_y = assays(2400, centres)
test_x, test_y = assays(600, centres)

net = ArrowNet()
optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-4)
schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, milestones=[15, 22], gamma=0.2)

for epoch in range(26):
    net.train()
    correct = 0
    for idx in torch.randperm(2400).split(80):
        out = net(train_x[idx])
        loss = nn.functional.cross_entropy(out, train_y[idx])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        correct += (out.argmax(1) == train_y[idx]).sum().item()
    schedule.step()
    if epoch % 5 == 0:
        print(f"epoch {epoch}: loss {loss.item():.3f}, train accuracy {correct / 2400:.3f}")

net.eval()
with torch.no_grad():
    guess = net(test_x).argmax(1)
print(f"quarry accuracy on unseen arrowheads: {(guess == test_y).float().mean().item():.3f}")
