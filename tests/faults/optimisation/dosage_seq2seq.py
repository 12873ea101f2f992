"""Encoder-decoder that forecasts the next 12 drug concentrations from the last 24."""
import math

import torch
from torch import nn, optim

torch.manual_seed(17)
PAST, FUTURE = 24, 12


def simulate(n):
    t = torch.arange(PAST + FUTURE, dtype=torch.float32)
    period = torch.empty(n, 1).uniform_(6, 14)
    phase = torch.empty(n, 1).uniform_(0, 2 * math.pi)
    decay = torch.empty(n, 1).uniform_(-0.02, 0.02)
    amp = torch.empty(n, 1).uniform_(0.6, 1.4)
    series = amp * torch.exp(decay * t) * torch.sin(2 * math.pi * t / period + phase)
    series = series + 0.03 * torch.randn_like(series)
    return series[:, :PAST, None], series[:, PAST:, None]


class Encoder(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.rnn = nn.GRU(1, hidden, batch_first=True)

    def forward(self, past):
        _, state = self.rnn(past)
        return state


class Decoder(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.rnn = nn.GRU(1, hidden, batch_first=True)
        self.out = nn.Linear(hidden, 1)

    def forward(self, last, state, future=None):
        steps, x = [], last
        if future is not None:                       # teacher forcing
            inputs = torch.cat([last, future[:, :-1]], dim=1)
            h, _ = self.rnn(inputs, state)
            return self.out(h)
        for _ in range(FUTURE):
            h, state = self.rnn(x, state)
            x = self.out(h)
            steps.append(x)
        return torch.cat(steps, dim=1)


encoder, decoder = Encoder(32), Decoder(32)
enc_opt = optim.Adam(encoder.parameters(), lr=5e-3)
dec_opt = optim.Adam(decoder.parameters(), lr=5e-3)
mse = nn.MSELoss()
past, future = simulate(1600)
past_val, future_val = simulate(400)


def forecast_error():
    encoder.eval(), decoder.eval()
    with torch.no_grad():
        pred = decoder(past_val[:, -1:], encoder(past_val))
    return (mse(pred, future_val) / future_val.var()).item()


for epoch in range(13):
    encoder.train(), decoder.train()
    for idx in torch.randperm(len(past)).split(64):
        p, f = past[idx], future[idx]
        dec_opt.zero_grad()
        pred = decoder(p[:, -1:], encoder(p))
        loss = mse(pred, f)
        loss.backward()
        enc_opt.zero_grad()
        nn.utils.clip_grad_norm_(decoder.parameters(), 5.0)
        enc_opt.step()
        dec_opt.step()
    if epoch % 2 == 1:
        print(f"epoch {epoch + 1:2d}  loss {loss.item():.4f}  relative forecast error {forecast_error():.4f}")

print(f"relative forecast error {forecast_error():.4f}")
