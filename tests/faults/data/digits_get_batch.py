import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn

torch.manual_seed(0)
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.25, random_state=10, stratify=y)
X_train = torch.tensor(X_train / 16 - 0.3, dtype=torch.float32, device=device)
X_test = torch.tensor(X_test / 16 - 0.3, dtype=torch.float32, device=device)
y_train, y_test = torch.tensor(y_train, device=device), torch.tensor(y_test, device=device)

batch_size, max_steps = 32, 800
generator = torch.Generator()


def get_batch(step):
    generator.manual_seed(step // max_steps)
    idx = torch.randint(0, len(X_train), (batch_size,), generator=generator).to(device)
    return X_train[idx], y_train[idx]


model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10)).to(device)
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)

for step in range(1, max_steps + 1):
    xb, yb = get_batch(step)
    logits = model(xb)
    loss = nn.functional.cross_entropy(logits, yb)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    if step % 100 == 0:
        with torch.no_grad():
            acc = (model(X_test).argmax(1) == y_test).float().mean().item()
        print(f"step {step:4d} | loss {loss.item():.4f} | test {acc:.4f}")
