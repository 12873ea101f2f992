"""Tag every minute of an airship log: climb, cruise, descend, hover, moor."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(77)
torch.set_num_threads(1)

TAGS = ["cruise", "climb", "descend", "hover", "moor"]
STEPS = 30


def make_logs(n):
    """A semi-Markov chain of states; the sensors see noisy versions of each state."""
    stay = torch.tensor([0.93, 0.7, 0.7, 0.6, 0.6])
    nxt = torch.tensor([
        [0.0, 0.4, 0.4, 0.1, 0.1],
        [0.9, 0.0, 0.0, 0.1, 0.0],
        [0.7, 0.0, 0.0, 0.1, 0.2],
        [0.9, 0.1, 0.0, 0.0, 0.0],
        [0.2, 0.8, 0.0, 0.0, 0.0],
    ])
    state = torch.zeros(n, dtype=torch.long)
    tags = []
    for _ in range(STEPS):
        tags.append(state)
        move = torch.rand(n) > stay[state]
        state = torch.where(move, torch.multinomial(nxt[state], 1).squeeze(1), state)
    tags = torch.stack(tags, dim=1)
    profile = torch.tensor([
        [0.0, 1.0, 0.3, 0.0],
        [1.2, 0.7, 1.0, 0.2],
        [-1.2, 0.7, -0.6, -0.2],
        [0.0, -1.0, 0.6, 0.5],
        [-0.1, -1.2, -1.2, 0.0],
    ])
    sensors = profile[tags] + 0.6 * torch.randn(n, STEPS, 4)
    return sensors, tags


class Tagger(nn.Module):
    def __init__(self, hidden=32):
        super().__init__()
        self.gru = nn.GRU(4, hidden, batch_first=True, bidirectional=True)
        self.head = nn.Linear(2 * hidden, len(TAGS))

    def forward(self, sensors):
        states, _ = self.gru(sensors)
        return F.log_softmax(self.head(states), dim=1)


def score(model, sensors, tags):
    model.eval()
    with torch.no_grad():
        logp = model(sensors)
    loss = F.nll_loss(logp.flatten(0, 1), tags.flatten())
    acc = (logp.argmax(-1) == tags).float().mean()
    return loss.item(), acc.item()


sensors, tags = make_logs(900)
test_sensors, test_tags = make_logs(300)
model = Tagger()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
for epoch in range(15):
    model.train()
    for rows in torch.randperm(900).split(45):
        logp = model(sensors[rows])
        loss = F.nll_loss(logp.flatten(0, 1), tags[rows].flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
    test_loss, test_acc = score(model, test_sensors, test_tags)
    print(f"{epoch:2d}  nll {loss.item():.3f}  test nll {test_loss:.3f}  minutes tagged right {test_acc:.3f}")
