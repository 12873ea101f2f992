"""The models: their published sizes, every data set's shape, and clear errors."""

import math
from functools import partial

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from unstuck import load, sweep
from unstuck.models import MLP, CIFARNet, ConvNet, Linear, ResidualMLP, ResNet, count_parameters, initialise

SHAPES = {"digits": (1, 8, 8), "mnist": (1, 28, 28), "cifar10": (3, 32, 32)}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("make", [Linear, MLP, partial(ResidualMLP, 8, 2), ConvNet, CIFARNet, ResNet])
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
        (lambda: ResidualMLP(0, 2), "width must be at least 1 and depth at least 0, got 0 and 2"),
        (lambda: ResidualMLP(4, -1), "got 4 and -1"),
        (lambda: ResNet(blocks=0), "blocks and width must be at least 1, got 0 and 16"),
        (lambda: ResNet(in_shape=(3, 3, 3)), "at least 4"),
    ],
)
def test_impossible_shapes_are_refused(make: type[nn.Module], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_the_smallest_images_pass_through() -> None:
    assert ConvNet(in_shape=(1, 6, 6))(torch.zeros(2, 1, 6, 6)).shape == (2, 10)
    assert CIFARNet(in_shape=(3, 8, 8))(torch.zeros(2, 3, 8, 8)).shape == (2, 10)
    assert ResNet(in_shape=(3, 4, 4))(torch.zeros(2, 3, 4, 4)).shape == (2, 10)


@pytest.mark.parametrize("norm", [nn.BatchNorm1d, nn.LayerNorm, partial(nn.GroupNorm, 3)])
def test_an_mlp_normalises_before_every_activation(norm: type[nn.Module]) -> None:
    model = MLP(12, 6, classes=3, in_shape=(5,), norm=norm)
    kinds = [type(module) for module in model.body]
    assert kinds == [nn.Linear, type(norm(6)), nn.ReLU] * 2
    normalised = model.body[:2](torch.randn(64, 5))
    centre = normalised.mean(0 if norm is nn.BatchNorm1d else 1)
    torch.testing.assert_close(centre, torch.zeros_like(centre), atol=1e-5, rtol=0)


def test_a_residual_mlp_adds_every_block_to_what_came_before() -> None:
    torch.manual_seed(0)
    model, x = ResidualMLP(6, 2, classes=3, in_shape=(5,), activation=nn.Tanh), torch.randn(4, 5)
    h = model.input(x)
    for _, _, linear in model.blocks:
        h = h + linear(torch.tanh(F.layer_norm(h, (6,))))
    torch.testing.assert_close(model(x), model.output(F.layer_norm(h, (6,))))


def test_a_residual_mlp_whose_blocks_are_zero_is_linear() -> None:
    model, x = ResidualMLP(6, 3, classes=3, in_shape=(5,), norm=None), torch.randn(4, 5)
    initialise(model.blocks, 0)
    torch.testing.assert_close(model(x), model.output(model.input(x)))


def test_resnets_have_the_published_sizes() -> None:
    # Table 6 of the paper: 0.27 million parameters in 20 layers, 0.46 in 32, 0.66 in 44, 0.85 in 56
    for blocks, millions in ((3, 0.27), (5, 0.46), (7, 0.66), (9, 0.85)):
        model = ResNet(blocks=blocks)
        assert count_parameters(model) / 1e6 == pytest.approx(millions, abs=0.005)
        layers = [module for module in model.modules() if isinstance(module, nn.Conv2d | nn.Linear)]
        assert len(layers) == 6 * blocks + 2


def test_a_resnet_halves_the_image_twice_and_doubles_the_channels() -> None:
    model, shapes = ResNet(blocks=2, width=4, in_shape=(1, 28, 28)), []
    for stage in model.stages:
        stage.register_forward_hook(lambda _module, _inputs, output: shapes.append(tuple(output.shape[1:])))
    model(torch.zeros(2, 1, 28, 28))
    assert shapes == [(4, 28, 28), (8, 14, 14), (16, 7, 7)]


def test_the_way_past_a_block_takes_every_second_pixel_and_adds_empty_channels() -> None:
    block = ResNet(width=2, norm=None, in_shape=(1, 8, 8)).stages[1][0]
    initialise(block, 0)
    x = torch.rand(3, 2, 8, 8)
    torch.testing.assert_close(block(x), torch.cat([x[:, :, ::2, ::2], torch.zeros(3, 2, 4, 4)], dim=1))


def test_without_a_norm_convolutions_have_biases_and_no_sample_depends_on_another() -> None:
    torch.manual_seed(0)
    model, x = ResNet(norm=None, in_shape=(1, 8, 8)), torch.randn(4, 1, 8, 8)
    assert all(module.bias is not None for module in model.modules() if isinstance(module, nn.Conv2d))
    torch.testing.assert_close(model(x)[:1], model(x[:1]))
    grouped = ResNet(norm=partial(nn.GroupNorm, 4), in_shape=(1, 8, 8))
    torch.testing.assert_close(grouped(x)[:1], grouped(x[:1]))
    assert all(module.bias is None for module in grouped.modules() if isinstance(module, nn.Conv2d))


@pytest.mark.parametrize(
    "make",
    [partial(MLP, 8, norm=nn.BatchNorm1d), partial(ResidualMLP, 8, 2), partial(ResNet, width=4, in_shape=(1, 8, 8))],
)
def test_the_new_models_train_in_a_sweep(make: partial[nn.Module]) -> None:
    result = sweep(make, load("digits"), lr=0.01, seeds=2, epochs=2, evaluate_on=["test"])
    assert not len(result.diverged)
    assert result.final("test_accuracy").min() > 0.5


@pytest.mark.parametrize(
    ("rule", "variance"),
    [
        ("he", lambda inputs, _: 2 / inputs),
        ("lecun", lambda inputs, _: 1 / inputs),
        ("xavier", lambda inputs, outputs: 2 / (inputs + outputs)),
        (0.3, lambda _inputs, _outputs: 0.09),
    ],
)
def test_rules_draw_weights_of_their_variance(rule: str | float, variance: object) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(300, 200), nn.Conv2d(30, 40, 3))
    initialise(model, rule, gain=1.5)
    for layer, inputs, outputs in ((model[0], 300, 200), (model[1], 30 * 9, 40 * 9)):
        expected = 1.5 * math.sqrt(variance(inputs, outputs))  # type: ignore[operator]
        assert layer.weight.std().item() == pytest.approx(expected, rel=0.03)
        assert layer.weight.mean().abs() < expected / 20
        assert not layer.bias.any()


def test_an_orthogonal_layer_keeps_lengths() -> None:
    layer, x = initialise(nn.Linear(20, 20), "orthogonal"), torch.randn(5, 20)
    torch.testing.assert_close(layer(x).norm(dim=1), x.norm(dim=1))


def test_initialising_leaves_other_layers_alone_and_repeats_with_the_seed() -> None:
    torch.manual_seed(0)
    model = ResNet(width=4)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.weight.data.fill_(2.0)
    torch.manual_seed(1)
    assert initialise(model, "he") is model
    first = model.output.weight.clone()
    torch.manual_seed(1)
    torch.testing.assert_close(initialise(model, "he").output.weight, first)
    scales = [module.weight for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    assert scales
    assert all((scale == 2).all() for scale in scales)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("zeros",), "rule must be one of 'he', 'xavier', 'lecun', 'orthogonal' or a number, got 'zeros'"),
        ((-0.1,), "rule must be a finite number of at least 0, got -0.1"),
        ((math.nan,), "got nan"),
        (("he", -1.0), "gain must be a finite number of at least 0, got -1.0"),
    ],
)
def test_impossible_rules_are_refused_and_nothing_is_changed(arguments: tuple[object, ...], message: str) -> None:
    model = Linear()
    before = model.output.weight.clone()
    with pytest.raises(ValueError, match=message):
        initialise(model, *arguments)  # type: ignore[arg-type]
    torch.testing.assert_close(model.output.weight, before)


def test_a_model_without_layers_is_refused() -> None:
    with pytest.raises(ValueError, match="ReLU has no linear or convolutional layer"):
        initialise(nn.ReLU())
