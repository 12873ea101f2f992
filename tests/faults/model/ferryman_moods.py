"""What is the ferryman up to?  A hidden Markov model of the cable-ferry log (ten kinds of log entry),
fitted by gradient ascent on the forward-algorithm likelihood instead of Baum-Welch, so that the port
can add covariates later.  Reported: nats per entry on weeks that were not fitted."""
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

torch.set_default_dtype(torch.float64)
N_STATES, N_SYMBOLS, LENGTH = 5, 10, 32


def write_logs(weeks, rng):
    """Sticky moods; each mood prefers two of the ten entries."""
    stay = 0.88
    trans = np.full((N_STATES, N_STATES), (1 - stay) / (N_STATES - 1))
    np.fill_diagonal(trans, stay)
    emit = np.full((N_STATES, N_SYMBOLS), 0.02)
    for k in range(N_STATES):
        emit[k, 2 * k] += 0.5
        emit[k, 2 * k + 1] += 0.3
    emit /= emit.sum(1, keepdims=True)
    logs = np.empty((weeks, LENGTH), dtype=np.int64)
    for w in range(weeks):
        s = rng.integers(N_STATES)
        for t in range(LENGTH):
            logs[w, t] = rng.choice(N_SYMBOLS, p=emit[s])
            s = rng.choice(N_STATES, p=trans[s])
    return logs


class LogBook(Dataset):
    def __init__(self, logs):
        self.logs = torch.from_numpy(logs)

    def __len__(self):
        return len(self.logs)

    def __getitem__(self, i):
        return self.logs[i]


class Ferryman(nn.Module):
    def __init__(self, k, m):
        super().__init__()
        self.start = nn.Parameter(torch.zeros(k))
        self.move = nn.Parameter(2.5 * torch.eye(k))
        self.write = nn.Parameter(torch.zeros(k, m))

    def forward(self, logs):
        log_a = self.move.log_softmax(dim=1)
        log_b = self.write.log_softmax(dim=1).t()      # symbol, state
        alpha = self.start.log_softmax(dim=0) + log_b[logs[:, 0]]
        for t in range(1, logs.shape[1]):
            alpha = torch.logsumexp(alpha.unsqueeze(2) + log_a, dim=1) + log_b[logs[:, t]]
        return torch.logsumexp(alpha, dim=1)


class Fitter:
    def __init__(self, model, lr):
        self.model = model
        self.opt = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)

    def epoch(self, loader):
        total = n = 0
        for logs in loader:
            ll = self.model(logs)
            loss = -ll.mean() / LENGTH
            self.opt.zero_grad()
            loss.backward()
            self.opt.step()
            total += loss.item() * len(logs)
            n += len(logs)
        return total / n

    @torch.no_grad()
    def evaluate(self, loader):
        total = n = 0
        for logs in loader:
            total -= self.model(logs).sum().item() / LENGTH
            n += len(logs)
        return total / n


def main():
    torch.manual_seed(8)
    rng = np.random.default_rng(8)
    fit_loader = DataLoader(LogBook(write_logs(500, rng)), batch_size=50, shuffle=True)
    val_loader = DataLoader(LogBook(write_logs(200, rng)), batch_size=200)
    fitter = Fitter(Ferryman(N_STATES, N_SYMBOLS), lr=0.6)
    for ep in range(1, 26):
        tr = fitter.epoch(fit_loader)
        if ep % 5 == 0:
            print(f"epoch {ep:02d}  fitted {tr:.4f} nats/entry  unseen {fitter.evaluate(val_loader):.4f} nats/entry")
    print("symbol entropy if moods did not matter:", f"{np.log(N_SYMBOLS):.4f}")
    print(f"unseen weeks: {fitter.evaluate(val_loader):.4f} nats per entry")


if __name__ == "__main__":
    main()
