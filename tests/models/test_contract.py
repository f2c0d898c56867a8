"""Every network in the catalogue keeps the contract; what breaks it is told in one sentence."""

import numpy as np
import pytest
from onnx import helper

from colorear.errors import ModelError
from colorear.hints import Hint
from colorear.models import load, registry

BUNDLED = sorted(path.stem for path in registry.BUNDLED.glob("*.json"))


@pytest.fixture(scope="module", params=BUNDLED)
def network(request):
    return load(request.param, threads=1)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 300), (37, 61), (160, 160)])
def test_any_size_gets_finite_color_of_its_size(network, height, width):
    lightness = np.random.default_rng(0).uniform(0, 100, (height, width)).astype(np.float32)
    ab, uncertainty, likelihood, palette, negative = network(lightness)
    assert ab.shape == (2, height, width)
    assert ab.dtype == np.float32
    assert np.isfinite(ab).all()
    assert abs(ab).max() < 200  # CIELAB units: sRGB reaches 108
    if uncertainty is not None:
        assert uncertainty.shape == (1, height, width)
        assert np.isfinite(uncertainty).all()
        assert uncertainty.min() >= 0
    if likelihood is not None:
        assert likelihood.shape[0] == len(palette)
        assert min(likelihood.shape[1:]) >= 1
        np.testing.assert_allclose(likelihood.sum(0), 1, atol=1e-4)
        assert abs(palette).max() < 128
    if negative is not None:
        assert np.isfinite(negative).all()


def test_a_hint_colors_its_place_and_what_is_far_away_less(network):
    if not network.card.hints:
        pytest.skip(f"{network.card.name} takes no hints")
    lightness = np.full((192, 192), 50, np.float32)
    lightness[:, 96:] = 80
    plain = network(lightness).ab
    for color in ("firebrick", "royalblue", "olivedrab"):
        hint = Hint(0.25, 0.5, color, 0.02)
        told = network(lightness, [hint]).ab
        wish = np.array(hint.ab)
        before = np.linalg.norm(plain[:, 96, 48] - wish)
        assert np.linalg.norm(told[:, 96, 48] - wish) < before / 3
        moved = np.linalg.norm(told - plain, axis=0)
        assert moved[:, 110:].mean() < moved[:, :82].mean()


def test_the_same_picture_gets_the_same_color(network):
    lightness = np.random.default_rng(1).uniform(0, 100, (61, 45)).astype(np.float32)
    first, second = network(lightness), network(lightness)
    np.testing.assert_array_equal(first.ab, second.ab)


def test_the_size_that_fits_is_stable(network):
    once = network.fit(3000, 4000)
    assert network.fit(*once) == once


def test_the_card_says_where_the_network_comes_from(network):
    assert network.card.version
    assert network.card.license
    assert network.card.trained_on
    assert network.card.parameters


def onnx_with(make_onnx, inputs, outputs):
    """A network that answers its first input as it is, to whatever it is called."""
    nodes = [helper.make_node("Identity", [next(iter(inputs))], [name]) for name in outputs]
    return make_onnx(nodes, inputs, outputs)


PLANES = ("n", 1, "h", "w")


@pytest.mark.parametrize(
    ("inputs", "outputs", "sentence"),
    [
        (
            {"grey": PLANES},
            {"ab": PLANES},
            r"no input named 'lightness' \(its inputs: grey\); if it is another project's",
        ),
        (
            {"lightness": PLANES},
            {"ab": PLANES, "likelihood": PLANES},
            "one of the outputs 'likelihood' and 'palette', expected both or none",
        ),
        (
            {"lightness": PLANES, "style": PLANES},
            {"ab": PLANES},
            "an input named 'style', expected 'lightness' and at most",
        ),
        (
            {"lightness": (1, "h", "w")},
            {"ab": (1, "h", "w")},
            r"declares 'lightness' with 3 dimensions, expected \(n, 1, h, w\)",
        ),
        (
            {"lightness": ("n", 3, "h", "w")},
            {"ab": PLANES},
            r"declares 'lightness' as \(None, 3\) photographs and channels, expected \(1, 1\)",
        ),
        (
            {"lightness": (8, 1, "h", "w")},
            {"ab": PLANES},
            r"declares 'lightness' as \(8, 1\) photographs",
        ),
        (
            {"lightness": PLANES, "hints": ("n", 2, "h", "w")},
            {"ab": PLANES},
            r"declares 'hints' as \(None, 2\) photographs and channels, expected \(1, 3\)",
        ),
        (
            {"lightness": PLANES},
            {"colour": PLANES},
            r"no output named 'ab' \(its outputs: colour\); name the one",
        ),
        (
            {"lightness": PLANES},
            {"ab": ("n", "c", "h", "w")},
            r"answered \(1, 1, 64, 64\) in 'ab', expected \(1, 2, h, w\)",
        ),
    ],
)
def test_a_breach_gets_one_sentence(added, make_onnx, inputs, outputs, sentence):
    with pytest.raises(ModelError, match=sentence):
        added(onnx_with(make_onnx, inputs, outputs))


def test_uncertainty_of_two_channels_gets_one_sentence(added, make_onnx):
    nodes = [
        helper.make_node("Concat", ["lightness", "lightness"], ["ab"], axis=1),
        helper.make_node("Identity", ["ab"], ["uncertainty"]),
    ]
    planes = ("n", 2, "h", "w")
    model = make_onnx(nodes, {"lightness": PLANES}, {"ab": planes, "uncertainty": planes})
    with pytest.raises(ModelError, match=r"in 'uncertainty', expected \(1, 1, h, w\)"):
        added(model)
