"""Few-shot recognition of individual seals by whisker-spot vectors: prototypical networks, new seals at test time."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class Colony:
    """Every seal has a point in a hidden space; a photograph shows it through a fixed non-linear camera."""

    def __init__(self, n_seals, camera, generator):
        self.g, self.camera = generator, camera
        self.seals = torch.randn(n_seals, 6, generator=generator)

    def photographs(self, ids, k):
        z = self.seals[ids].unsqueeze(1) + 0.35 * torch.randn(len(ids), k, 6, generator=self.g)
        nuisance = 1.5 * torch.randn(len(ids), k, 10, generator=self.g)
        return torch.tanh(torch.cat([z, nuisance], dim=-1) @ self.camera[0]) @ self.camera[1]

    def episode(self, way, shot, query):
        ids = torch.randperm(len(self.seals), generator=self.g)[:way]
        x = self.photographs(ids, shot + query)
        return x[:, :shot], x[:, shot:].flatten(0, 1), torch.arange(way).repeat_interleave(query)


class ProtoNet(nn.Module):
    def __init__(self, d_in, width=96, d_out=24):
        super().__init__()
        self.encode = nn.Sequential(nn.Linear(d_in, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(),
                                    nn.Linear(width, d_out))

    def forward(self, support, query):
        prototypes = self.encode(support).mean(dim=1)
        return -torch.cdist(self.encode(query), prototypes) ** 2


def main():
    torch.manual_seed(33)
    g = torch.Generator().manual_seed(33)
    camera = (torch.randn(16, 32, generator=g) / 4, torch.randn(32, 32, generator=g) / 4)
    train, test = Colony(400, camera, g), Colony(100, camera, g)
    model = ProtoNet(32)
    opt = torch.optim.Adam(model.parameters(), lr=4e-3)
    sched = torch.optim.lr_scheduler.StepLR(opt, 600, gamma=0.3)
    for it in range(1, 1601):
        model.train()
        support, query, target = train.episode(way=8, shot=3, query=8)
        loss = F.cross_entropy(model(support, query), target)
        opt.zero_grad()
        loss.backward()
        opt.step()
        sched.step()
        if it % 200 == 0:
            model.eval()
            with torch.no_grad():
                results = []
                for _ in range(60):
                    s, q, t = test.episode(8, 3, 8)
                    out = model(s, q)
                    results.append((F.cross_entropy(out, t).item(), (out.argmax(1) == t).float().mean().item()))
            val_loss, val_acc = (sum(r) / len(r) for r in zip(*results))
            print(f"episode {it:4d} loss {loss.item():.4f} new seals: loss {val_loss:.4f} acc {val_acc:.4f}")
    print(f"accuracy on new seals {val_acc:.4f}")


if __name__ == "__main__":
    main()
