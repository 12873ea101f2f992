"""A jury of six small networks reads the 40 signs of a syllabary from worn seal prints (10 x 10 pixels).
The jurors are stacked and run with vmap; what is trained is the verdict of the whole jury."""
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.func import functional_call, stack_module_state, vmap

torch.manual_seed(4)
rng = np.random.default_rng(4)
SIGNS = 40
strokes = np.zeros((SIGNS, 12, 12))
for sign in strokes:
    for _ in range(4):
        (r0, c0), (r1, c1) = rng.integers(1, 11, (2, 2))
        for at in np.linspace(0, 1, 12):
            sign[round(r0 + at * (r1 - r0)), round(c0 + at * (c1 - c0))] = 1


def prints(n):
    sign = rng.integers(0, SIGNS, n)
    dr, dc = rng.integers(0, 3, (2, n))
    grid = strokes[sign[:, None, None], dr[:, None, None] + np.arange(10)[:, None], dc[:, None, None] + np.arange(10)]
    ink = grid * rng.uniform(0.6, 1.2, (n, 1, 1)) + 0.25 * rng.normal(size=grid.shape)
    return ((ink - 0.25) / 0.5).reshape(n, 100).astype(np.float32), sign


images, labels = prints(19500)
train, val = np.arange(18000), np.arange(18000, 19500)


def juror():
    return nn.Sequential(nn.Linear(100, 64), nn.Tanh(), nn.Linear(64, SIGNS))


jurors = [juror() for _ in range(6)]
params, buffers = stack_module_state(jurors)
blank = juror().to("meta")


def opinion(p, b, x):
    return functional_call(blank, (p, b), (x,))


def verdict(x):
    """What the jury as a whole believes: the mean of its members' distributions."""
    logits = vmap(opinion, in_dims=(0, 0, None))(params, buffers, x)
    return logits.softmax(-1).mean(0)


def stream(rows, size, passes):
    """Endless-looking generator over numpy memory, converted batch by batch."""
    for number in range(passes):
        for part in np.array_split(rng.permutation(rows), len(rows) // size):
            yield number, torch.from_numpy(images[part]), torch.from_numpy(labels[part])


optimizer = torch.optim.SGD(params.values(), lr=1.0, momentum=0.9, weight_decay=1e-5)
PASSES = 6
steps = PASSES * (len(train) // 100)
schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.02, total_iters=steps)


def right(rows):
    with torch.no_grad():
        belief = verdict(torch.from_numpy(images[rows]))
    return (belief.argmax(1).numpy() == labels[rows]).mean()


last, history = 0, []
for number, x, y in stream(train, 100, PASSES):
    if number != last:
        print(f"pass {number:>2}: loss {np.mean(history):.4f}, jury right on {right(val):.1%} of unseen prints")
        history.clear()
    last = number
    loss = F.cross_entropy(verdict(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    schedule.step()
    history.append(loss.item())
print(f"the jury's final accuracy: {right(val):.4f} (train {right(train):.4f})")
