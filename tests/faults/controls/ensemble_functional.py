import torch
from sklearn.datasets import make_moons
from torch import nn
from torch.func import functional_call, grad_and_value, stack_module_state, vmap

torch.manual_seed(44)
MEMBERS, RATE = 6, 0.3

X, y = make_moons(1600, noise=0.2, random_state=44)
X = torch.tensor(X, dtype=torch.float32)
y = torch.tensor(y, dtype=torch.float32)
X_train, y_train, X_test, y_test = X[:1200], y[:1200], X[1200:], y[1200:]
centre, spread = X_train.mean(0), X_train.std(0)
X_train, X_test = (X_train - centre) / spread, (X_test - centre) / spread


def member():
    return nn.Sequential(nn.Linear(2, 24), nn.Tanh(), nn.Linear(24, 24), nn.Tanh(), nn.Linear(24, 1))


models = [member() for _ in range(MEMBERS)]
params, buffers = stack_module_state(models)
params = {k: v.detach() for k, v in params.items()}
skeleton = member()


def objective(p, x, t):
    logit = functional_call(skeleton, p, (x,)).squeeze(-1)
    return nn.functional.binary_cross_entropy_with_logits(logit, t)


step_fn = vmap(grad_and_value(objective), in_dims=(0, 0, 0))
predict = vmap(lambda p, x: functional_call(skeleton, p, (x,)).squeeze(-1), in_dims=(0, None))
velocity = {k: torch.zeros_like(v) for k, v in params.items()}

for epoch in range(40):
    orders = torch.stack([torch.randperm(len(X_train)) for _ in range(MEMBERS)])
    for start in range(0, len(X_train), 60):
        idx = orders[:, start:start + 60]
        grads, losses = step_fn(params, X_train[idx], y_train[idx])
        for k in params:
            velocity[k] = 0.8 * velocity[k] + grads[k]
            params[k] = params[k] - RATE * (1 - epoch / 40) * velocity[k]
    if epoch % 5 == 4:
        prob = torch.sigmoid(predict(params, X_test)).mean(0)
        nll = nn.functional.binary_cross_entropy(prob, y_test)
        print(f"epoch {epoch + 1}: member losses {losses.min():.3f}-{losses.max():.3f}, ensemble test nll {nll:.4f}")

prob = torch.sigmoid(predict(params, X_test)).mean(0)
print(f"ensemble accuracy: {((prob > 0.5).float() == y_test).float().mean():.4f}")
