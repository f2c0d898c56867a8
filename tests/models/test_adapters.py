import numpy as np
import pytest

from colorear.errors import ModelError
from colorear.models.adapters import ADAPTERS

color = pytest.importorskip("skimage.color")

LIGHTNESS = np.random.default_rng(1).uniform(15, 75, (24, 40)).astype(np.float32)
SIDES = pytest.mark.parametrize("side", [None, 48], ids=["any size", "one size"])


def gray(lightness):
    """sRGB of a neutral colour; CIE 15:2004 (8.3) solved for Y, then IEC 61966-2-1."""
    linear = ((lightness.astype(float) + 16) / 116) ** 3
    return 1.055 * linear ** (1 / 2.4) - 0.055


def ab_of(*channels):
    lab = color.rgb2lab(np.stack(channels, -1))
    return np.moveaxis(lab[..., 1:], -1, 0)


def shown(side):
    """A picture that a network of that side takes as it is."""
    return LIGHTNESS if side is None else np.kron(LIGHTNESS, np.ones((2, 2), "f4"))[:48, :48]


@SIDES
def test_ddcolor(added, make_pointwise, side):
    model = make_pointwise([[20, 0, 0], [0, 0, -30]], [1, 2], inputs={"whatever": (3,)}, side=side)
    lightness = shown(side)
    ab, uncertainty, *_ = added(model, "ddcolor")(lightness)
    expected = np.stack((20 * gray(lightness) + 1, -30 * gray(lightness) + 2))
    np.testing.assert_allclose(ab, expected, atol=1e-3)
    assert uncertainty is None


@SIDES
def test_deoldify(added, make_pointwise, side):
    gains = np.diag([0.5, 0.8, 0.3])
    model = make_pointwise(gains, [0.4, 0, -0.1], inputs={"x": (3,)}, side=side)
    lightness = shown(side)
    value = gray(lightness)
    red = ((value - 0.485) / 0.229 * 0.5 + 0.4) * 0.229 + 0.485
    green = ((value - 0.456) / 0.224 * 0.8) * 0.224 + 0.456
    blue = ((value - 0.406) / 0.225 * 0.3 - 0.1) * 0.225 + 0.406
    np.testing.assert_allclose(
        added(model, "deoldify")(lightness).ab, ab_of(red, green, blue), atol=0.05
    )


@SIDES
def test_deoldify_pixels(added, make_pointwise, side):
    model = make_pointwise(np.diag([0.9, 0.7, 0.5]), [0, 0, 25.5], inputs={"x": (3,)}, side=side)
    lightness = shown(side)
    value = gray(lightness)
    np.testing.assert_allclose(
        added(model, "deoldify-pixels")(lightness).ab,
        ab_of(0.9 * value, 0.7 * value, 0.5 * value + 0.1),
        atol=0.05,
    )


def test_the_two_forms_of_deoldify_are_told_apart(added, make_pointwise):
    """As the real ones answer when shown pictures in each other's units: near black, saturated."""
    pixels = make_pointwise(np.eye(3), [2.5, 2.5, 2.5], inputs={"x": (3,)})
    with pytest.raises(ModelError, match=r"with 0\.\d\.\.5\.\d, expected at least -0\.5\.\.0\.5"):
        added(pixels, "deoldify")
    bare = make_pointwise(np.eye(3) * 6 / 255, [-3, -3, -3], inputs={"x": (3,)})
    with pytest.raises(ModelError, match=r"with -3\.0\.\.3\.0, .* like deoldify-pixels; a bare"):
        added(bare, "deoldify-pixels")


@SIDES
def test_eccv16(added, make_pointwise, side):
    model = make_pointwise([[0.5], [-0.3]], [-10, 4], inputs={"L": (1,)}, side=side)
    lightness = shown(side)
    network = added(model, "eccv16")
    np.testing.assert_allclose(
        network(lightness).ab, np.stack((0.5 * lightness - 10, 4 - 0.3 * lightness)), atol=1e-4
    )
    assert not network.card.hints


@SIDES
def test_siggraph17(added, make_pointwise, side):
    model = make_pointwise(
        [[0.5, 1000, 1000, 1000], [-0.3, 1000, 1000, 1000]],
        [-10, 4],
        inputs={"z": (1,), "y": (2,), "x": (1,)},
        side=side,
    )
    lightness = shown(side)
    network = added(model, "siggraph17")
    np.testing.assert_allclose(
        network(lightness).ab, np.stack((0.5 * lightness - 10, 4 - 0.3 * lightness)), atol=1e-4
    )
    assert network.card.hints


def test_siggraph17_exported_without_hints(added, make_pointwise):
    network = added(make_pointwise([[1], [2]], [0, 0], inputs={"L": (1,)}), "siggraph17")
    np.testing.assert_allclose(network(LIGHTNESS).ab[1], 2 * LIGHTNESS, atol=1e-4)
    assert not network.card.hints


@pytest.mark.parametrize(
    ("kind", "inputs"),
    [
        ("ddcolor", {"x": (1,)}),
        ("deoldify", {"x": (2,)}),
        ("eccv16", {"x": (3,)}),
        ("eccv16", {"x": (1,), "y": (2,)}),
        ("siggraph17", {"x": (2,), "y": (1,), "z": (1,)}),
    ],
)
def test_another_interface_gets_one_sentence(added, make_pointwise, kind, inputs):
    total = sum(channels for (channels,) in inputs.values())
    model = make_pointwise(np.ones((2, total)), [0, 0], inputs=inputs)
    with pytest.raises(ModelError, match=rf"small takes \(1, .*, expected \(1, .*like {kind}"):
        added(model, kind)


def test_another_number_of_channels_gets_one_sentence(added, make_pointwise):
    model = make_pointwise(np.eye(3), [0, 0, 0], inputs={"x": (3,)})
    with pytest.raises(ModelError, match=r"answered \(1, 3, .*'answer', expected \(1, 2, h, w\)"):
        added(model, "ddcolor")


@SIDES
@pytest.mark.parametrize("kind", sorted(ADAPTERS))
def test_they_see_the_square_their_own_code_shows(added, make_pointwise, kind, side):
    channels = 1 if kind in ("eccv16", "siggraph17") else 3
    rows = ADAPTERS[kind].channels
    matrix = np.eye(rows, channels)
    model = make_pointwise(matrix, [0] * rows, inputs={"x": (channels,)}, side=side)
    network = added(model, kind)
    assert network.fit(3000, 2000) == (side or ADAPTERS[kind].size,) * 2
    for height, width in ((1, 1), (1, 300), (37, 61)):
        ab = network(np.full((height, width), 40, np.float32)).ab
        assert ab.shape == (2, height, width)
        assert np.ptp(ab, axis=(1, 2)).max() < 1e-3
