"""Which functions are losses, and of what."""

from __future__ import annotations

__all__ = ["LOSSES", "NEAR", "NUMBER_LOSSES"]

LOSSES = (
    "cross_entropy", "nll_loss", "binary_cross_entropy", "binary_cross_entropy_with_logits", "mse_loss", "l1_loss",
    "smooth_l1_loss", "huber_loss", "kl_div", "poisson_nll_loss", "gaussian_nll_loss", "soft_margin_loss",
    "hinge_embedding_loss", "cosine_embedding_loss", "margin_ranking_loss", "triplet_margin_loss", "multi_margin_loss",
    "multilabel_margin_loss", "multilabel_soft_margin_loss", "ctc_loss",
)  # fmt: skip
"""Of ``torch.nn.functional``: what is held against a target, and returns what is to be minimised."""

NUMBER_LOSSES = ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss")
"""Those of a distance between numbers."""

NEAR = (*NUMBER_LOSSES, "gaussian_nll_loss", "binary_cross_entropy", "binary_cross_entropy_with_logits", "kl_div")
"""Those that are least where outputs, or what the loss makes of them, are the targets."""
