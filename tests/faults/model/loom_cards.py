"""VAE over jacquard loom cards (10x10 punched holes) for a textile archive: the latent map is used to find
mis-filed cards.  Objective: negative ELBO per card, Bernoulli decoder."""
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits as bce

SIZE = 10


def punch(n, g):
    """Diagonal, horizontal or checked bands with phase, width and a few mispunches."""
    r, c = torch.meshgrid(torch.arange(SIZE), torch.arange(SIZE), indexing="ij")
    ang = torch.rand(n, 1, 1, generator=g) * 3.1416
    period = 4.0 + 4.0 * torch.rand(n, 1, 1, generator=g)
    phase = 6.2832 * torch.rand(n, 1, 1, generator=g)
    wave = torch.sin(6.2832 * (ang.cos() * r + ang.sin() * c) / period + phase)
    card = (wave > 0).float()
    flip = (torch.rand(n, SIZE, SIZE, generator=g) < 0.03).float()
    return (card - flip).abs().reshape(n, -1)


class CardVAE(nn.Module):
    def __init__(self, latent=8, hid=192):
        super().__init__()
        self.enc = nn.Sequential(nn.Linear(SIZE * SIZE, hid), nn.ELU(), nn.Linear(hid, hid), nn.ELU())
        self.to_mu, self.to_logvar = nn.Linear(hid, latent), nn.Linear(hid, latent)
        self.dec = nn.Sequential(nn.Linear(latent, hid), nn.ELU(), nn.Linear(hid, hid), nn.ELU(),
                                 nn.Linear(hid, SIZE * SIZE))

    def forward(self, card):
        h = self.enc(card)
        mu, logvar = self.to_mu(h), self.to_logvar(h).clamp(-8, 4)
        z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
        return self.dec(z), mu, logvar


def neg_elbo(card, out):
    logits, mu, logvar = out
    recon = bce(logits, card, reduction="sum")
    kl = -0.5 * (1 + logvar - mu.pow(2) - logvar.exp()).sum()
    return (recon + kl) / card.size(0)


class Archive:
    def __init__(self, seed=4, batch=100):
        torch.manual_seed(seed)
        g = torch.Generator().manual_seed(seed)
        self.train_cards, self.val_cards = punch(9000, g), punch(1500, g)
        self.batch = batch
        self.model = CardVAE()
        self.optim = torch.optim.Adamax(self.model.parameters(), lr=1e-2)
        self.sched = torch.optim.lr_scheduler.MultiStepLR(self.optim, [13, 16], gamma=0.3)

    def train_epoch(self):
        self.model.train()
        total = 0.0
        for rows in torch.randperm(len(self.train_cards)).split(self.batch):
            card = self.train_cards[rows]
            loss = neg_elbo(card, self.model(card))
            self.optim.zero_grad()
            loss.backward()
            self.optim.step()
            total += loss.item() * len(card)
        self.sched.step()
        return total / len(self.train_cards)

    @torch.no_grad()
    def validate(self):
        self.model.eval()
        total, chunks = 0.0, self.val_cards.split(self.batch)
        for card in chunks:
            total += neg_elbo(card, self.model(card)).item() * len(card)
        return total / len(chunks)


archive = Archive()
for epoch in range(18):
    tr = archive.train_epoch()
    va = archive.validate()
    print("ep", epoch, "\ttrain -ELBO", round(tr, 2), "\tval -ELBO", round(va, 2))
print("final val -ELBO", round(archive.validate(), 3))
