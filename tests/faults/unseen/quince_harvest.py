"""Variety of quince from twelve measures of the fruit (eight varieties)."""
import torch
from torch.nn import Linear, Dropout, Sequential, SiLU
from torch.nn.functional import cross_entropy

torch.manual_seed(77)
torch.set_num_threads(1)

n, d, k = 3000, 12, 8
protos = torch.randn(k, 2, d) * 1.1            # two ecotypes a variety
variety = torch.randint(0, k, (n,))
ecotype = torch.randint(0, 2, (n,))
fruit = protos[variety, ecotype] + 0.75 * torch.randn(n, d)

train_x, train_y = fruit[:2400], variety[:2400]
test_x, test_y = fruit[2400:], variety[2400:]
mu, sd = train_x.mean(0), train_x.std(0)
train_x, test_x = (train_x - mu) / sd, (test_x - mu) / sd

model = Sequential(Linear(d, 48), SiLU(), Dropout(0.1), Linear(48, 48), SiLU(), Linear(48, k))
optimizer = torch.optim.Adagrad(model.parameters(), lr=0.02)

batch_size = 48
batches_per_epoch = len(train_x) // batch_size
total_steps = 1500
ema = None

for step in range(total_steps):
    begin = step % batches_per_epoch
    rows = slice(begin, begin + batch_size)

    model.train()
    optimizer.zero_grad()
    loss = cross_entropy(model(train_x[rows]), train_y[rows])
    loss.backward()
    optimizer.step()
    ema = loss.item() if ema is None else 0.95 * ema + 0.05 * loss.item()

    if (step + 1) % 250 == 0:
        model.eval()
        with torch.no_grad():
            logits = model(test_x)
            test_loss = cross_entropy(logits, test_y).item()
            test_acc = (logits.argmax(1) == test_y).float().mean().item()
        print(f"step {step + 1}: running loss {ema:.4f}, test loss {test_loss:.4f}, test accuracy {test_acc:.4f}")
