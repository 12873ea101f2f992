"""Functional training in the JAX manner: parameters are a dict, gradients come from torch.func, no optimiser."""
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch.func import grad_and_value


def init(sizes, gen):
    params = {}
    for k, (a, b) in enumerate(zip(sizes, sizes[1:])):
        params[f"w{k}"] = torch.randn(a, b, generator=gen) * (2.0 / a) ** 0.5
        params[f"b{k}"] = torch.zeros(b)
    return params


def forward(params, x):
    depth = len(params) // 2
    for k in range(depth):
        x = x @ params[f"w{k}"] + params[f"b{k}"]
        if k < depth - 1:
            x = torch.relu(x)
    return x


def loss_fn(params, x, y, decay=1e-3):
    logits = forward(params, x)
    penalty = sum((v ** 2).sum() for k, v in params.items() if k.startswith("w"))
    return torch.nn.functional.cross_entropy(logits, y) + 0.5 * decay * penalty


def momentum_step(params, velocity, grads, lr, mu=0.9):
    velocity = {k: mu * velocity[k] + grads[k] for k in params}
    params = {k: params[k] - lr * velocity[k] for k in params}
    return params, velocity


def evaluate(params, x, y):
    logits = forward(params, x)
    return torch.nn.functional.cross_entropy(logits, y).item(), (logits.argmax(1) == y).float().mean().item()


def main():
    gen = torch.Generator().manual_seed(3)
    X, y = load_digits(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.3, random_state=3, stratify=y)
    mean, std = X_train.mean(0), X_train.std(0) + 1.0
    X_train = torch.tensor((X_train - mean) / std, dtype=torch.float32)
    X_test = torch.tensor((X_test - mean) / std, dtype=torch.float32)
    y_train, y_test = torch.tensor(y_train), torch.tensor(y_test)

    params = init([64, 48, 10], gen)
    velocity = {k: torch.zeros_like(v) for k, v in params.items()}
    step = grad_and_value(loss_fn)
    for epoch in range(20):
        lr = 0.05 * (1 - epoch / 20)
        for idx in torch.randperm(len(X_train), generator=gen).split(32):
            grads, _ = step(params, X_train[idx], y_train[idx])
            params, velocity = momentum_step(params, velocity, grads, lr)
        train, test = evaluate(params, X_train, y_train), evaluate(params, X_test, y_test)
        print("epoch %2d  train %.4f %.4f  test %.4f %.4f" % (epoch + 1, *train, *test))
    print("accuracy on held-out digits %.4f" % test[1])


main()
