# Five yeast strains, told apart by the shape of their growth curves.  A plate carries
# one strain in 24 wells; the plate reader gives 20 optical densities per well.
# Training mixes wells of all plates.  The lab then reads whole new plates.
import copy
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

STRAINS, WELLS, READS = 5, 24, 20
gen = torch.Generator().manual_seed(27)


def read_plates(n_plates):
    strain = torch.randperm(n_plates, generator=gen) % STRAINS
    t = torch.linspace(0, 1, READS)
    lag = torch.tensor([0.22, 0.32, 0.42, 0.52, 0.27])[strain][:, None]
    top = torch.tensor([1.00, 1.15, 0.95, 1.10, 0.75])[strain][:, None]
    lag = lag + 0.03 * torch.randn(n_plates, WELLS, generator=gen)
    top = top + 0.06 * torch.randn(n_plates, WELLS, generator=gen)
    od = top[..., None] / (1 + torch.exp(-14 * (t - lag[..., None])))
    od = od + 0.05 * torch.randn(od.shape, generator=gen)
    return od, strain


class CurveNet(nn.Module):
    def __init__(self, ch=16):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv1d(1, ch, 5, padding=2), nn.BatchNorm1d(ch), nn.ReLU(), nn.MaxPool1d(2),
            nn.Conv1d(ch, ch, 3, padding=1), nn.BatchNorm1d(ch), nn.ReLU(), nn.Flatten())
        self.head = nn.Sequential(nn.Linear(ch * 10, 48), nn.BatchNorm1d(48), nn.ReLU(), nn.Linear(48, STRAINS))

    def forward(self, od):
        return self.head(self.body(od.unsqueeze(1)))


@torch.no_grad()
def well_accuracy(model, loader):
    model.eval()
    good = torch.cat([model(x).argmax(1) == y for x, y in loader])
    model.train()
    return good.float().mean().item()


@torch.no_grad()
def read_new_plates(model, plates, strain):
    good = 0
    for od, s in zip(plates, strain):
        good += (model(od).argmax(1) == s).sum().item()
    return good / (len(plates) * WELLS)


if __name__ == "__main__":
    torch.manual_seed(27)
    od, strain = read_plates(150)
    mean, std = od[:90].mean(), od[:90].std()
    od = (od - mean) / std
    wells = od.flatten(0, 1)
    labels = strain.repeat_interleave(WELLS)
    a, b = 90 * WELLS, 110 * WELLS
    train = DataLoader(TensorDataset(wells[:a], labels[:a]), batch_size=48, shuffle=True)
    val = DataLoader(TensorDataset(wells[a:b], labels[a:b]), batch_size=240)
    new_plates, new_strain = od[110:], strain[110:]

    model = CurveNet()
    opt = torch.optim.Adam(model.parameters(), lr=3e-3, betas=(0.9, 0.98))
    sched = torch.optim.lr_scheduler.StepLR(opt, step_size=2, gamma=0.4)
    best, best_acc = None, -1.0
    for epoch in range(8):
        tot = 0.0
        for x, y in train:
            opt.zero_grad()
            loss = nn.functional.cross_entropy(model(x), y)
            loss.backward()
            opt.step()
            tot += loss.item() * len(x)
        sched.step()
        acc = well_accuracy(model, val)
        flag = ""
        if acc > best_acc:
            best, best_acc, flag = copy.deepcopy(model), acc, "  *"
        print(f"epoch {epoch:02d}  ce {tot / a:.3f}  val {acc:.3f}{flag}")
    print(f"wells right on {len(new_plates)} new plates: {read_new_plates(best, new_plates, new_strain):.4f}")
