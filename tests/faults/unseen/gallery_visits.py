"""Visitors' ratings of paintings by matrix factorisation with biases."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(22)
torch.set_num_threads(1)

VISITORS, PAINTINGS, RANK = 300, 200, 4

taste = torch.randn(VISITORS, RANK)
style = torch.randn(PAINTINGS, RANK)
mood = 0.4 * torch.randn(VISITORS)
fame = 0.6 * torch.randn(PAINTINGS)
pairs = torch.randperm(VISITORS * PAINTINGS)[:24000]
v, p = pairs // PAINTINGS, pairs % PAINTINGS
rating = 3.2 + mood[v] + fame[p] + 0.45 * (taste[v] * style[p]).sum(1) + 0.3 * torch.randn(len(v))

cut = 20000
train = TensorDataset(v[:cut], p[:cut], rating[:cut])
test_v, test_p, test_r = v[cut:], p[cut:], rating[cut:]
loader = DataLoader(train, batch_size=500, shuffle=True)


class Factors(nn.Module):
    def __init__(self, n_v, n_p, rank, mean):
        super().__init__()
        self.v, self.p = nn.Embedding(n_v, rank), nn.Embedding(n_p, rank)
        self.v_bias, self.p_bias = nn.Embedding(n_v, 1), nn.Embedding(n_p, 1)
        self.mean = nn.Parameter(torch.tensor(mean))
        for table in (self.v, self.p):
            nn.init.normal_(table.weight, std=0.1)
        for table in (self.v_bias, self.p_bias):
            nn.init.zeros_(table.weight)

    def forward(self, v, p):
        dot = (self.v(v) * self.p(p)).sum(1)
        return self.mean + self.v_bias(v).squeeze(1) + self.p_bias(p).squeeze(1) + dot

    def penalty(self, v, p):
        return self.v(v).pow(2).sum(1).mean() + self.p(p).pow(2).sum(1).mean()


model = Factors(VISITORS, PAINTINGS, 6, rating[:cut].mean().item())
opt = torch.optim.Adam(model.parameters(), lr=0.01)
for epoch in range(25):
    sse = 0.0
    for bv, bp, br in loader:
        error = model(bv, bp) - br
        loss = error.pow(2).mean() + 0.02 * model.penalty(bv, bp)
        opt.zero_grad()
        loss.backward()
        opt.step()
        sse += error.detach().pow(2).sum().item()
    if epoch % 4 == 0:
        with torch.no_grad():
            rmse = (model(test_v, test_p) - test_r).pow(2).mean().sqrt().item()
        print(f"epoch {epoch:2d} train rmse {(sse / cut) ** 0.5:.4f} test rmse {rmse:.4f}")
print("predicting the mean gives", round(test_r.std().item(), 4))
