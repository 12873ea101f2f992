import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import make_multilabel_classification
from sklearn.metrics import f1_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

SEED, EPOCHS, BATCH = 4, 25, 50
np.random.seed(SEED)
torch.manual_seed(SEED)

# "documents" as bags of 40 words with up to 5 tags each
X, Y = make_multilabel_classification(n_samples=3000, n_features=40, n_classes=5, n_labels=3, length=80,
                                      random_state=SEED)
X_tr, X_va, Y_tr, Y_va = train_test_split(X, Y, test_size=0.3, random_state=SEED)
sc = StandardScaler().fit(X_tr)
X_tr, X_va = (torch.from_numpy(sc.transform(a)).float() for a in (X_tr, X_va))
Y_tr, Y_va = torch.from_numpy(Y_tr).float(), torch.from_numpy(Y_va).float()

tagger = nn.Sequential(
    nn.Linear(40, 32),
    nn.ReLU(),
    nn.Dropout(0.2),
    nn.Linear(32, 5),
    nn.Sigmoid(),
)
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.AdamW(tagger.parameters(), lr=2e-3, weight_decay=0.01)


def predict(logits_or_probs):
    return (logits_or_probs > THRESHOLD).int().numpy()


THRESHOLD = 0.5
for epoch in range(EPOCHS):
    tagger.train()
    order = torch.randperm(len(X_tr))
    losses = []
    for i in range(0, len(order), BATCH):
        idx = order[i:i + BATCH]
        optimizer.zero_grad()
        loss = criterion(tagger(X_tr[idx]), Y_tr[idx])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    tagger.eval()
    with torch.no_grad():
        out = tagger(X_va)
        va_loss = criterion(out, Y_va).item()
        macro = f1_score(Y_va.int().numpy(), predict(out), average="macro")
    print(f"[{epoch + 1:02d}/{EPOCHS}] train {np.mean(losses):.4f} val {va_loss:.4f} macro-F1 {macro:.4f}")
