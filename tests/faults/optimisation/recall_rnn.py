# The first symbol is a question that the network must answer after a stretch of noise.
import torch
import torch.nn as nn

torch.manual_seed(0)
CLASSES, NOISE, LENGTH, HIDDEN = 6, 10, 12, 16


def sample(n):
    x = torch.randint(CLASSES, CLASSES + NOISE, (n, LENGTH))
    answer = torch.randint(CLASSES, (n,))
    x[:, 0] = answer
    hint = torch.rand(n) < 0.4  # in some sequences the symbol comes again at the end
    x[hint, -1] = answer[hint]
    return x, answer


class Recall(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(CLASSES + NOISE, 16)
        self.cell = nn.GRUCell(16, HIDDEN)
        self.readout = nn.Linear(HIDDEN, CLASSES)

    def forward(self, x):
        h = torch.zeros(x.size(0), HIDDEN)
        for t in range(x.size(1)):
            h = self.cell(self.embed(x[:, t]), h.detach())
        return self.readout(h)


model = Recall()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
running = None
for step in range(1, 401):
    x, y = sample(50)
    loss = criterion(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    running = loss.item() if running is None else 0.95 * running + 0.05 * loss.item()
    if step % 50 == 0:
        with torch.no_grad():
            x, y = sample(1000)
            acc = (model(x).argmax(1) == y).float().mean()
        print("step %4d  smoothed loss %.3f  accuracy %.3f" % (step, running, acc))
