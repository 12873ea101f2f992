# Meta-learning tide gauges: a new harbour sends ten readings of its tide, and after two
# gradient steps on these the forecast has to be usable.  MAML, second order, all tasks of a
# meta batch carried along as one extra dimension of the weights.
import math
import time

import torch
import torch.nn.functional as F

torch.manual_seed(21)
HIDDEN, INNER_LR, INNER_STEPS, TASKS, SHOTS = 40, 0.05, 2, 16, 10


def harbours(n, gen):
    amp = 0.5 + 1.5 * torch.rand(n, 1, 1, generator=gen)
    phase = math.pi * torch.rand(n, 1, 1, generator=gen)
    offset = 0.3 * torch.randn(n, 1, 1, generator=gen)

    def read(k):
        t = torch.rand(n, k, 1, generator=gen) * 2 - 1
        level = amp * torch.sin(3.2 * t + phase) + offset
        return t, level + 0.03 * torch.randn(level.shape, generator=gen)

    return read


class MetaNet(torch.nn.Module):
    def __init__(self):
        super().__init__()
        dims = [1, HIDDEN, HIDDEN, 1]
        self.w = torch.nn.ParameterList()
        self.b = torch.nn.ParameterList()
        for i, o in zip(dims, dims[1:]):
            self.w.append(torch.nn.Parameter(torch.randn(i, o) * math.sqrt(1.5 / i)))
            self.b.append(torch.nn.Parameter(0.3 * torch.randn(1, o)))

    def spread(self, n):
        """one private copy of the weights per task, still attached to the meta weights"""
        return [p.expand(n, *p.shape) for pair in zip(self.w, self.b) for p in pair]


def run(fast, t):
    h = t
    for k in range(0, len(fast), 2):
        h = torch.baddbmm(fast[k + 1], h, fast[k])
        if k + 2 < len(fast):
            h = torch.tanh(h)
    return h


def adapt(net, t, y, create_graph):
    fast = net.spread(len(t))
    for _ in range(INNER_STEPS):
        inner = ((run(fast, t) - y) ** 2).mean((1, 2)).sum()
        grads = torch.autograd.grad(inner, fast, create_graph=create_graph)
        fast = [w - INNER_LR * g for w, g in zip(fast, grads)]
    return fast


def exam(net, seed=909, n=200):
    gen = torch.Generator().manual_seed(seed)
    read = harbours(n, gen)
    t, y = read(SHOTS)
    tq, yq = read(40)
    fast = adapt(net, t, y, create_graph=False)
    with torch.no_grad():
        err = F.mse_loss(run(fast, tq), yq)
        before = F.mse_loss(run(net.spread(n), tq), yq)
    return err.item(), before.item(), (1 - err / yq.var()).item()


def main(epochs=14, per_epoch=64):
    gen = torch.Generator().manual_seed(1)
    net = MetaNet()
    meta_opt = torch.optim.Adam(net.parameters(), lr=4e-3)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(meta_opt, epochs * per_epoch, eta_min=1e-5)
    began, avg = time.time(), None
    for epoch in range(epochs):
        meta_opt.zero_grad()
        for _ in range(per_epoch):
            read = harbours(TASKS, gen)
            t, y = read(SHOTS)
            tq, yq = read(15)
            fast = adapt(net, t, y, create_graph=True)
            loss = F.mse_loss(run(fast, tq), yq)
            loss.backward()
            meta_opt.step()
            sched.step()
            avg = loss.item() if avg is None else 0.97 * avg + 0.03 * loss.item()
        after, before, r2 = exam(net)
        print(f"epoch {epoch + 1:3d} | query mse (avg) {avg:.4f} | new harbours: {before:.3f} -> {after:.4f} | R2 {r2:.3f}"
              f" | {time.time() - began:.1f}s")
    print("adapted R2 on new harbours: {:.4f}".format(exam(net)[2]))


if __name__ == "__main__":
    main()
