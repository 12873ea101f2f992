"""The models: their published sizes, every data set's shape, and clear errors."""

import pytest
import torch
from torch import nn

from unstuck.models import MLP, CIFARNet, ConvNet, Linear, count_parameters

SHAPES = {"digits": (1, 8, 8), "mnist": (1, 28, 28), "cifar10": (3, 32, 32)}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("make", [Linear, MLP, ConvNet, CIFARNet])
def test_every_model_fits_every_data_set(make: type[nn.Module], shape: tuple[int, ...]) -> None:
    logits = make(classes=7, in_shape=shape)(torch.randn(5, *shape))
    assert logits.shape == (5, 7)


def test_sizes_are_the_published_ones() -> None:
    # the MNIST example's layers: 320 + 18,496 + 1,179,776 + 1,290
    assert count_parameters(ConvNet(classes=10, in_shape=(1, 28, 28))) == 320 + 18_496 + 1_179_776 + 1_290 == 1_199_882
    assert CIFARNet(classes=10, in_shape=(3, 32, 32)).hidden.in_features == 32 * 6 * 6
    assert count_parameters(Linear(classes=10, in_shape=(1, 28, 28))) == 784 * 10 + 10
    assert count_parameters(MLP(128, classes=10, in_shape=(1, 8, 8))) == 64 * 128 + 128 + 128 * 10 + 10


def test_the_convolutional_net_is_pytorchs_example_layer_by_layer() -> None:
    torch.manual_seed(0)
    model = ConvNet(classes=10, in_shape=(1, 28, 28)).eval()
    x = torch.randn(2, 1, 28, 28)
    with torch.no_grad():
        hidden = torch.relu(model.conv2(torch.relu(model.conv1(x))))
        hidden = torch.relu(model.hidden(nn.functional.max_pool2d(hidden, 2).flatten(1)))
        torch.testing.assert_close(model(x), model.output(hidden))


@pytest.mark.parametrize("layer", ["dropout1", "dropout2"])
def test_each_dropout_is_on_in_training_only(layer: str) -> None:
    model, x = ConvNet(in_shape=(1, 8, 8)), torch.randn(4, 1, 8, 8)
    other = {"dropout1": model.dropout2, "dropout2": model.dropout1}[layer]
    other.p = 0.0
    assert not torch.equal(model(x), model(x))
    model.eval()
    assert torch.equal(model(x), model(x))


def test_an_mlp_has_the_widths_and_the_activation_it_is_given() -> None:
    model = MLP(12, 6, classes=3, in_shape=(5,), activation=nn.Tanh)
    linear = [module for module in model.modules() if isinstance(module, nn.Linear)]
    assert [(m.in_features, m.out_features) for m in linear] == [(5, 12), (12, 6), (6, 3)]
    assert sum(isinstance(module, nn.Tanh) for module in model.modules()) == 2
    assert count_parameters(MLP(classes=10)) == count_parameters(Linear(classes=10))


def test_frozen_parameters_do_not_count() -> None:
    model = Linear()
    model.output.bias.requires_grad_(False)
    assert count_parameters(model) == 640


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Linear(classes=0), "classes must be at least 1, got 0"),
        (lambda: MLP(8, 0), r"every hidden width must be at least 1, got \(8, 0\)"),
        (lambda: MLP(8, in_shape=()), "in_shape must hold the sides"),
        (lambda: ConvNet(in_shape=(28, 28)), r"must be \(channels, height, width\).*got \(28, 28\)"),
        (lambda: ConvNet(in_shape=(1, 5, 28)), "at least 6"),
        (lambda: CIFARNet(in_shape=(3, 7, 7)), "at least 8"),
    ],
)
def test_impossible_shapes_are_refused(make: type[nn.Module], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_the_smallest_images_pass_through() -> None:
    assert ConvNet(in_shape=(1, 6, 6))(torch.zeros(2, 1, 6, 6)).shape == (2, 10)
    assert CIFARNet(in_shape=(3, 8, 8))(torch.zeros(2, 3, 8, 8)).shape == (2, 10)
