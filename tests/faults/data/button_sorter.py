import torch
import torch.nn as nn
import torch.nn.functional as F


def draw_buttons(per_class, size=14, seed=0):
    """Grey images of buttons, made kind by kind: 2 holes, 4 holes, ring, shank, square, toggle."""
    g = torch.Generator().manual_seed(seed)
    yy, xx = torch.meshgrid(torch.linspace(-1, 1, size), torch.linspace(-1, 1, size), indexing="ij")
    images, kinds = [], []
    for kind in range(6):
        for _ in range(per_class):
            dx, dy, r = (torch.rand(3, generator=g) - 0.5).tolist()
            x, y, radius = xx - 0.3 * dx, yy - 0.3 * dy, 0.72 + 0.2 * r
            rho = (x ** 2 + y ** 2).sqrt()
            img = (rho < radius).float()
            if kind == 0:
                img = img - ((y.abs() < 0.14) & ((x.abs() - 0.28).abs() < 0.14)).float()
            elif kind == 1:
                img = img - (((y.abs() - 0.25).abs() < 0.13) & ((x.abs() - 0.25).abs() < 0.13)).float()
            elif kind == 2:
                img = img - (rho < 0.35 * radius).float()
            elif kind == 4:
                img = ((x.abs() < radius * 0.85) & (y.abs() < radius * 0.85)).float()
            elif kind == 5:
                img = ((x.abs() < radius) & (y.abs() < radius * 0.55)).float()
            images.append(img + 0.5 * torch.randn(size, size, generator=g))
            kinds.append(kind)
    return torch.stack(images).unsqueeze(1), torch.tensor(kinds)


class ButtonNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 12, 3, padding=1)
        self.conv2 = nn.Conv2d(12, 24, 3, padding=1)
        self.fc = nn.Linear(24 * 3 * 3, 6)
        self.drop = nn.Dropout(0.2)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        return self.fc(self.drop(x.flatten(1)))


def evaluate(model, X, y):
    model.eval()
    with torch.no_grad():
        out = model(X)
        return F.cross_entropy(out, y).item(), (out.argmax(1) == y).float().mean().item()


def fit(model, X, y, X_val, y_val, epochs=14, batch_size=40, lr=0.05):
    opt = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.8, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(opt, epochs)
    steps = torch.arange(len(X)).split(batch_size)
    for epoch in range(epochs):
        model.train()
        seen = 0.0
        for rows in steps:
            loss = F.cross_entropy(model(X[rows]), y[rows])
            opt.zero_grad()
            loss.backward()
            opt.step()
            seen += loss.item()
        schedule.step()
        val_loss, val_acc = evaluate(model, X_val, y_val)
        print(f"epoch {epoch + 1}/{epochs} - loss: {seen / len(steps):.4f} - val_loss: {val_loss:.4f} - val_acc: {val_acc:.4f}")


if __name__ == "__main__":
    torch.manual_seed(1)
    sheets = [draw_buttons(80, seed=s) for s in (11, 12, 13, 14, 15)]
    X, y = torch.cat([s[0] for s in sheets]), torch.cat([s[1] for s in sheets])
    X_val, y_val = draw_buttons(100, seed=2)
    mean, std = X.mean(), X.std()
    X, X_val = (X - mean) / std, (X_val - mean) / std
    model = ButtonNet()
    fit(model, X, y, X_val, y_val)
    print("accuracy on held-out buttons: %.4f" % evaluate(model, X_val, y_val)[1])
