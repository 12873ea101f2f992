"""Samples of different lengths: padded, or one after the other."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from watched import watched

from unstuck.doctor.case import Case
from unstuck.doctor.given import keys_of
from unstuck.doctor.ragged import in_line, in_rows, padded, starts_of
from unstuck.doctor.retrials import rows_of, taken
from unstuck.doctor.streams import streams_of

FLAT, STARTS = torch.tensor([3, 1, 2, 5, 5, 0]), torch.tensor([0, 2, 2, 5])


def test_samples_in_line_become_rows_and_return() -> None:
    rows, lengths = in_rows(FLAT, STARTS)

    assert rows.tolist() == [[3, 1, 0], [0, 0, 0], [2, 5, 5], [0, 0, 0]]
    assert lengths.tolist() == [2, 0, 3, 1]
    flat, starts = in_line(rows, lengths)
    assert torch.equal(flat, FLAT)
    assert torch.equal(starts, STARTS)


@pytest.mark.parametrize(
    "others",
    [[], [torch.tensor([0, 2, 1])], [torch.tensor([1, 2])], [torch.tensor([0, 6])], [torch.rand(3)], [FLAT]],
)
def test_only_growing_places_say_where_samples_begin(others: list[Tensor]) -> None:
    assert starts_of([FLAT, *others]) is None
    assert starts_of([FLAT, *others, STARTS]) == len(others) + 1


def test_parts_are_padded_as_their_rows_end() -> None:
    short, long = torch.tensor([[1, 2], [3, 9]]), torch.tensor([[4, 5, 9], [6, 9, 9], [7, 9, 9]])
    tokens = padded([short, long])
    numbers = padded([torch.ones(2, 1, 3), torch.ones(2, 4, 3)])

    assert tokens[0].tolist() == [[1, 2, 9], [3, 9, 9]]
    assert numbers[0].shape == (2, 4, 3)
    assert not numbers[0][:, 1:].any()


@pytest.mark.parametrize("other", [torch.ones(2, 3, 5), torch.ones(2, 3, dtype=torch.long), torch.ones(3)])
def test_parts_that_differ_in_more_stay(other: Tensor) -> None:
    given = [torch.ones(2, 4), other]

    assert all(after is before for after, before in zip(padded(given), given, strict=True))


def test_padding_does_not_change_who_a_sample_is() -> None:
    short, long = torch.tensor([[1, 2], [1, 256]]), torch.tensor([[1, 2, 0], [1, 256, 0], [1, 2, 1]])

    assert (keys_of(short) == keys_of(long)[:2]).all()
    assert len(set(keys_of(long).tolist())) == 3


def bags() -> Case:
    """Return the case of a bag of words for each sample, the batches of different widths."""
    torch.manual_seed(0)
    texts = [torch.randint(1, 9, (3 + number % 5,)) for number in range(40)]
    labels = torch.arange(40) % 2

    class Bags(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.bag, self.out = nn.EmbeddingBag(9, 4), nn.Linear(4, 2)

        def forward(self, flat: Tensor, starts: Tensor) -> Tensor:
            out: Tensor = self.out(self.bag(flat, starts))
            return out

    def train() -> None:
        model = Bags()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for chosen in torch.randperm(40).split(10):
            lengths = torch.tensor([len(texts[i]) for i in chosen])
            optimizer.zero_grad()
            out = model(torch.cat([texts[i] for i in chosen]), lengths.cumsum(0) - lengths)
            F.cross_entropy(out, labels[chosen]).backward()
            optimizer.step()

    return Case(streams_of(watched(train))[0], None)


def test_bags_of_words_have_a_row_for_each_sample() -> None:
    case = bags()

    assert case.x is not None
    assert case.x.shape == (40, 7)
    assert [len(x) for x in case.inputs] == [10] * 4


def test_bags_of_words_are_taken_sample_by_sample() -> None:
    again = bags().rerun
    assert again is not None
    rows = rows_of(again.batches)
    assert rows is not None

    batches = taken(again.batches, lambda values: torch.arange(39, -1, -1))

    flat, starts = rows.in_line or (0, 0)
    assert [len(batch[starts]) for batch in batches] == [10] * 4
    last = in_rows(batches[-1][flat], batches[-1][starts])[0].flip(0)
    assert torch.equal(last, in_rows(again.batches[0][flat], again.batches[0][starts])[0])
