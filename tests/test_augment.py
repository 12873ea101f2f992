"""Augmentation: held to torchvision's operations image by image, and to what a random draw owes each sample."""

from functools import partial

import pytest
import torch
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as tv

from unstuck import Linear, fit, load
from unstuck.augment import affine, compose, crop, flip, noise, only, warp
from unstuck.optim import SGD
from unstuck.sweeps import sweep

BILINEAR = v2.InterpolationMode.BILINEAR


@pytest.fixture
def images():
    generator = torch.Generator().manual_seed(0)
    return torch.rand(12, 3, 9, 14, generator=generator, dtype=torch.float64) + 1


@pytest.fixture
def labels():
    return torch.arange(12) % 4


def drawn(count):
    """Amounts that differ from image to image."""
    generator = torch.Generator().manual_seed(1)
    angle, down, right, scale = torch.rand(4, count, generator=generator, dtype=torch.float64)
    return {
        "angle": 360 * angle - 180,
        "down": (6 * down - 3).round(),  # torchvision rounds to whole pixels
        "right": (8 * right - 4).round(),
        "scale": 0.5 + scale,
    }


def by_torchvision(x, amounts, fill):
    """Turn image by image, whose surroundings are 0 to torchvision as long as it is given no fill."""
    moved = [
        tv.affine(
            image - fill,
            angle=angle.item(),
            translate=[right.item(), down.item()],
            scale=scale.item(),
            shear=[0.0, 0.0],
            interpolation=BILINEAR,
        )
        for image, angle, down, right, scale in zip(x, *amounts.values(), strict=True)
    ]
    return torch.stack(moved) + fill


@pytest.mark.parametrize("fill", [0.0, -0.7])
def test_a_warp_is_torchvisions_affine_image_by_image(images, fill):
    amounts = drawn(len(images))
    torch.testing.assert_close(
        warp(images, **amounts, fill=fill), by_torchvision(images, amounts, fill), rtol=0, atol=1e-5
    )


def test_a_turn_by_a_right_angle_moves_whole_pixels(images):
    square, zero = images[..., :9], torch.zeros(12, dtype=torch.float64)
    turned = warp(square, angle=zero + 90, down=zero, right=zero, scale=zero + 1)
    torch.testing.assert_close(turned, torch.rot90(square, -1, (-2, -1)))  # clockwise


def test_every_channel_has_its_own_fill(images):
    zero = torch.zeros(12, dtype=torch.float64)
    fill = (-1.0, -2.0, -3.0)
    away = warp(images, angle=zero, down=zero + 20, right=zero, scale=zero + 1, fill=fill)
    wanted = torch.tensor(fill, dtype=torch.float64).reshape(1, 3, 1, 1).expand_as(away)
    torch.testing.assert_close(away, wanted)
    with pytest.raises(ValueError, match="each of the 3 channels"):
        warp(images, angle=zero, down=zero, right=zero, scale=zero, fill=(0.0, 1.0))


def recovered_shifts(side, shift):
    """Shift a single bright pixel in many images; return by how much it moved, in pixels: shape (images, 2)."""
    x = torch.zeros(4000, 1, side, side)
    x[:, 0, side // 2, side // 2] = 1
    torch.manual_seed(0)
    moved, _ = affine(x, torch.zeros(4000), shift=shift)
    places = torch.arange(side, dtype=torch.float32)
    rows = (moved.sum((1, 3)) * places).sum(1) - side // 2
    columns = (moved.sum((1, 2)) * places).sum(1) - side // 2
    return torch.stack([rows, columns], dim=1)


def test_shifts_are_drawn_evenly_for_every_image_and_axis():
    shifts = recovered_shifts(side=20, shift=0.2)
    assert shifts.abs().max() <= 4 + 1e-4
    assert len(shifts[:, 0].round(decimals=4).unique()) > 3000
    torch.testing.assert_close(shifts.mean(0), torch.zeros(2), atol=0.15, rtol=0)
    torch.testing.assert_close(shifts.std(0), torch.full((2,), 4 / 3**0.5), atol=0.1, rtol=0)  # of an even draw
    assert abs(torch.corrcoef(shifts.T)[0, 1]) < 0.06


@pytest.mark.parametrize("scale", [(0.5, 0.5), (2.0, 2.0)])
def test_a_scale_enlarges_by_its_factor(scale):
    x = torch.zeros(5, 1, 40, 40)
    x[..., 12:28, 12:28] = 1
    grown, _ = affine(x, torch.zeros(5), scale=scale)
    torch.testing.assert_close(grown.sum((1, 2, 3)), torch.full((5,), 256 * scale[0] ** 2), rtol=0.03, atol=0)


def test_angles_reach_as_far_as_they_may_and_no_further():
    x = torch.zeros(3000, 1, 41, 41)
    x[:, 0, 20, 36] = 1  # right of the centre
    torch.manual_seed(0)
    turned, _ = affine(x, torch.zeros(3000), rotate=30)
    mass = turned.sum((1, 2, 3))
    places = torch.arange(41, dtype=torch.float32) - 20
    down, right = ((turned.sum(axes) * places).sum(1) / mass for axes in ((1, 3), (1, 2)))
    angles = torch.rad2deg(torch.atan2(down, right))
    assert angles.abs().max() < 30.5
    assert angles.min() < -28 < 28 < angles.max()
    torch.testing.assert_close(angles.std(), torch.tensor(30 / 3**0.5), atol=0.8, rtol=0)


def test_without_settings_nothing_changes(images, labels):
    moved, y = affine(images, labels)
    torch.testing.assert_close(moved, images)
    assert y is labels
    assert torch.equal(noise(images, labels, std=0)[0], images)
    assert torch.equal(flip(images, labels, p=0)[0], images)


def test_a_crop_is_a_window_of_the_padded_image(images, labels):
    torch.manual_seed(0)
    cut, y = crop(images, labels, padding=2, fill=-5.0)
    framed = tv.pad(images, [2, 2, 2, 2], fill=-5.0)
    places = []
    for image, window in zip(framed, cut, strict=True):
        found = [
            (top, left)
            for top in range(5)
            for left in range(5)
            if torch.equal(tv.crop(image, top, left, 9, 14), window)
        ]
        assert len(found) == 1
        places += found
    assert len(set(places)) > 5
    assert y is labels


def test_all_windows_are_drawn_alike():
    x = torch.arange(1.0, 10.0).reshape(1, 1, 3, 3).repeat(9000, 1, 1, 1)
    torch.manual_seed(0)
    cut, _ = crop(x, torch.zeros(9000), padding=1)
    counts = torch.bincount(cut[:, 0, 1, 1].long(), minlength=10)[1:]  # which pixel is in the middle now
    assert counts.min() > 880
    assert counts.max() < 1120


def test_a_flip_mirrors_that_share_of_the_images(labels):
    x = torch.rand(2000, 2, 3, 4)
    torch.manual_seed(0)
    flipped, _ = flip(x, torch.zeros(2000), p=0.3)
    mirrored = (flipped == tv.horizontal_flip(x)).flatten(1).all(1)
    kept = (flipped == x).flatten(1).all(1)
    assert bool((mirrored ^ kept).all())
    assert 0.26 < mirrored.float().mean() < 0.34
    assert torch.equal(flip(x, labels, p=1, vertical=True)[0], tv.vertical_flip(x))


def test_noise_has_its_size_and_differs_from_image_to_image(images, labels):
    torch.manual_seed(0)
    added = noise(images, labels, std=0.25)[0] - images
    torch.testing.assert_close(added.std(), torch.tensor(0.25, dtype=torch.float64), rtol=0.05, atol=0)
    assert len(added.flatten(1)[:, 0].unique()) == len(images)


def test_only_the_named_classes_change(images, labels):
    changed, y = only(partial(flip, p=1.0), classes=[1, 3])(images, labels)
    legal = torch.isin(labels, torch.tensor([1, 3]))
    assert torch.equal(changed[legal], images[legal].flip(-1))
    assert torch.equal(changed[~legal], images[~legal])
    assert y is labels


def test_only_refuses_what_changes_more_than_the_inputs(images, labels):
    with pytest.raises(ValueError, match="at least one class"):
        only(flip, classes=[])
    with pytest.raises(ValueError, match="inputs alone"):
        only(lambda x, y: (x[:3], y[:3]), classes=[1])(images, labels)
    with pytest.raises(ValueError, match="inputs alone"):
        only(lambda x, y: (x, y.float()), classes=[1])(images, labels)


def test_a_composition_applies_the_first_first(images, labels):
    def double(x, y):
        return 2 * x, y

    def increase(x, y):
        return x + 1, y

    assert torch.equal(compose(double, increase)(images, labels)[0], 2 * images + 1)
    assert compose()(images, labels)[0] is images


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (partial(affine, rotate=181), "rotate must lie between 0 and 180"),
        (partial(affine, rotate=-1), "rotate"),
        (partial(affine, shift=1.5), "shift must lie between 0 and 1"),
        (partial(affine, scale=(1.2, 0.8)), "scale must be"),
        (partial(affine, scale=(0.0, 1.0)), "scale must be"),
        (partial(affine, rotate=float("nan")), "rotate"),
        (partial(crop, padding=0), "padding must be"),
        (partial(crop, padding=0.5), "padding must be"),
        (partial(flip, p=1.1), "p must lie between 0 and 1"),
        (partial(noise, std=-0.1), "std must lie"),
    ],
)
def test_settings_out_of_range_are_refused(images, labels, change, message):
    with pytest.raises(ValueError, match=message):
        change(images, labels)


@pytest.mark.parametrize("change", [affine, partial(crop, padding=1), flip])
@pytest.mark.parametrize("x", [torch.zeros(3, 8, 8), torch.zeros(3, 1, 8, 8, dtype=torch.uint8)])
def test_what_is_no_batch_of_images_is_refused(change, x):
    with pytest.raises(ValueError, match=r"\(batch, channels, height, width\)"):
        change(x, torch.zeros(3))


def test_the_seed_of_a_run_decides_the_draws_and_a_sweep_gives_the_runs_of_fit():
    data = load("digits")
    change = compose(
        partial(affine, rotate=15, shift=0.1, fill=-1.0), partial(crop, padding=1), partial(noise, std=0.1)
    )

    def trained(seed, outer):
        torch.manual_seed(0)
        model = Linear()
        torch.manual_seed(outer)
        fit(model, data, optimizer=partial(SGD, lr=0.1), seed=seed, transform=change, evaluate_on=[], device="cpu")
        return model.output.weight.detach()

    assert torch.equal(trained(seed=0, outer=1), trained(seed=0, outer=2))
    assert not torch.allclose(trained(seed=0, outer=1), trained(seed=1, outer=1))
    swept = sweep(
        Linear, data, optimizer="sgd", lr=0.1, seeds=[0], transform=change, evaluate_on=[], device="cpu", progress=False
    )
    torch.testing.assert_close(swept.model().output.weight.detach(), trained(seed=0, outer=1), rtol=1e-4, atol=1e-5)


@pytest.mark.cuda
def test_on_a_gpu_no_draw_waits_for_the_device():
    x, y = torch.rand(64, 3, 32, 32, device="cuda"), torch.zeros(64, dtype=torch.long, device="cuda")
    move, cut = partial(affine, rotate=15, shift=0.1, fill=(0.0, 0.5, 1.0)), partial(crop, padding=4, fill=-1.0)
    change = compose(move, cut, only(flip, classes=[0]), partial(noise, std=0.1))
    change(x, y)
    with torch.cuda.device("cuda"):
        torch.cuda.set_sync_debug_mode("error")
        try:
            moved, _ = change(x, y)
        finally:
            torch.cuda.set_sync_debug_mode("default")
    assert moved.device == x.device
