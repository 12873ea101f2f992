"""What code asks of a machine is counted as it is by hand, and as PyTorch's own counter has it."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from unstuck.counting import count_operations
from unstuck.models import MLP, ConvNet

BATCH, INPUTS, HIDDEN, CLASSES = 6, 64, 16, 10


def batch() -> tuple[torch.Tensor, torch.Tensor]:
    return torch.ones(BATCH, 1, 8, 8), torch.zeros(BATCH, dtype=torch.long)


def test_a_network_takes_a_product_a_layer_forward_and_two_backward_but_for_the_first() -> None:
    (x, y), model = batch(), MLP(HIDDEN)
    with count_operations() as forward:
        loss = F.cross_entropy(model(x), y)
    with count_operations() as backward:
        loss.backward()  # type: ignore[no-untyped-call]
    first, second = 2 * BATCH * INPUTS * HIDDEN, 2 * BATCH * HIDDEN * CLASSES
    assert forward.names == ["addmm", "relu", "addmm", "_log_softmax", "nll_loss_forward"]
    assert forward.flop == [first, 0, second, 0, 0]
    assert backward.names.count("mm") == 3
    assert sum(backward.flop) == first + 2 * second


def test_flop_are_those_that_pytorchs_own_counter_finds() -> None:
    model, x = ConvNet(in_shape=(1, 28, 28)), torch.ones(2, 1, 28, 28)
    with FlopCounterMode(display=False) as theirs:
        model(x).sum().backward()
    with count_operations() as ours:
        model(x).sum().backward()
    assert sum(ours.flop) == theirs.get_total_flops() > 0


def test_bytes_are_those_read_and_those_written() -> None:
    a, b = torch.ones(3, 5), torch.ones(5)
    with count_operations() as counted:
        a + b
    assert counted.bytes == [4 * (15 + 5 + 15)]


@pytest.mark.parametrize(("options", "moved"), [({"foreach": False}, 3), ({"foreach": True}, 3), ({"fused": True}, 4)])
def test_an_update_is_one_operation_that_reads_weight_and_gradient_and_writes_the_weight(
    options: dict[str, bool], moved: int
) -> None:
    weight = nn.Parameter(torch.ones(7))
    weight.grad = torch.ones(7)
    optimizer = torch.optim.SGD([weight], lr=0.1, **options)
    with count_operations() as counted:
        optimizer.step()
    assert counted.launches == 1
    assert counted.bytes == [moved * 7 * 4]  # a fused one declares that it may scale the gradient in place, too


def test_views_and_allocations_are_no_operations() -> None:
    x = torch.ones(4, 6)
    with count_operations() as counted:
        x.t().reshape(8, 3)[1:].detach()
        torch.empty(5)
    assert counted.names == ["clone"]  # reshape had to copy: a transposed tensor has no view of that shape


def test_nothing_is_counted_after_the_block() -> None:
    with count_operations() as counted:
        torch.ones(3).exp()
    torch.ones(3).exp()
    assert counted.names.count("exp") == 1


def test_the_frame_adds_up_the_calls_of_each_operation() -> None:
    x = torch.ones(4)
    with count_operations() as counted:
        x.exp().sin().exp()
    frame = counted.to_frame()
    assert list(frame.index) == ["exp", "sin"]
    assert frame["calls"].tolist() == [2, 1]
    assert frame["bytes"].tolist() == [2 * 32, 32]


def test_what_is_computed_is_unchanged() -> None:
    (x, y), model = batch(), MLP(HIDDEN)
    plain = F.cross_entropy(model(x), y)
    with count_operations():
        counted = F.cross_entropy(model(x), y)
    assert torch.equal(plain, counted)
