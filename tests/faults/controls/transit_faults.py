# Door faults of tram doors from event logs: does a "retry" event come anywhere
# after an "obstacle" event?  (Yes -> send a technician.)  Time-major tensors, mixed
# precision and four small batches for each update, as on the depot's little GPU.
import random
import torch
import torch.nn as nn

EVENTS = ["open", "close", "lock", "idle", "obstacle", "reset", "retry"]
T, D, ACCUM = 12, 32, 4
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


def log_file(rnd):
    events = rnd.choices(range(7), weights=[4, 4, 4, 4, 2, 3, 2], k=T)
    armed, fault = False, 0
    for e in events:
        if e == 4:
            armed = True
        elif e == 6 and armed:
            fault = 1
    return events, fault


class DoorModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.event = nn.Embedding(7, D)
        self.place = nn.Parameter(0.1 * torch.randn(T, 1, D))
        layer = nn.TransformerEncoderLayer(D, 4, 64, dropout=0.0, activation="gelu", norm_first=True)
        self.enc = nn.TransformerEncoder(layer, 1, enable_nested_tensor=False)
        self.out = nn.Linear(D, 1)

    def forward(self, ev):                       # ev: (time, batch)
        h = self.enc(self.event(ev) + self.place)
        return self.out(h.amax(0)).squeeze(1)


def main():
    rnd = random.Random(15)
    torch.manual_seed(15)
    logs = [log_file(rnd) for _ in range(4000)]
    ev = torch.tensor([l[0] for l in logs]).T.contiguous().to(DEVICE)
    fault = torch.tensor([float(l[1]) for l in logs], device=DEVICE)
    n_train = 3300
    print(f"{fault.mean():.2f} of the logs show a fault")

    model = DoorModel().to(DEVICE)
    opt = torch.optim.AdamW(model.parameters(), lr=1e-2, weight_decay=0.01)
    scaler = torch.amp.GradScaler(DEVICE, init_scale=4096.0)
    epochs = 6
    updates = epochs * (n_train // (32 * ACCUM))
    sched = torch.optim.lr_scheduler.OneCycleLR(opt, 1e-2, total_steps=updates + 1, pct_start=0.15)
    bce = nn.BCEWithLogitsLoss()

    for epoch in range(epochs):
        chunks = torch.randperm(n_train)[: (n_train // (32 * ACCUM)) * 32 * ACCUM].split(32)
        shown = 0.0
        for i, idx in enumerate(chunks):
            with torch.autocast(DEVICE, dtype=torch.float16, enabled=DEVICE == "cuda"):
                logit = model(ev[:, idx])
            loss = bce(logit.float(), fault[idx])
            scaler.scale(loss / ACCUM).backward()
            shown += loss.item()
            if (i + 1) % ACCUM == 0:
                scaler.unscale_(opt)
                nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                scaler.step(opt)
                scaler.update()
                opt.zero_grad()
                sched.step()
        with torch.no_grad():
            acc = ((model(ev[:, n_train:]) > 0).float() == fault[n_train:]).float().mean().item()
        print(f"pass {epoch + 1}: bce {shown / len(chunks):.4f} val acc {acc:.4f}")
    print(f"final val acc {acc:.4f}")


if __name__ == "__main__":
    main()
