from itertools import combinations

import cv2
import numpy as np
import pytest

import networks
from colorear import Colorizer, color
from colorear.errors import ModelError
from colorear.hints import Hint, Place
from colorear.inference.options import DEFAULT_OPTIONS, ColorizeOptions
from colorear.inference.suggestions import can_choose, predict, suggestions

MIDDLE = np.full((64, 96), 50, np.float32)


@pytest.fixture
def network(added):
    return added(networks.choosing())


@pytest.fixture
def plain(added):
    return added(networks.contract())


def test_one_that_tells_and_is_told_can_choose(network):
    assert can_choose(network)


def test_one_that_does_neither_cannot(plain):
    assert not can_choose(plain)


def test_what_is_likely_is_suggested_the_likeliest_first(network):
    colors = suggestions(network(MIDDLE), MIDDLE, Place(0.5, 0.5))
    found = np.array([Hint(0, 0, truth).ab for truth in colors])
    np.testing.assert_allclose(found, networks.PALETTE, atol=2.5)


def test_a_suggestion_can_be_had_at_that_lightness(network):
    black = np.full((64, 96), 1, np.float32)
    colors = suggestions(network(black), black, Place(0.5, 0.5))
    assert all(max(np.hypot(*Hint(0, 0, truth).ab), 0) < 12 for truth in colors)
    assert len(set(colors)) == len(colors)


def test_colors_that_look_alike_are_one_suggestion(added, monkeypatch):
    monkeypatch.setattr(networks, "PALETTE", ((0, 0), (40, 30), (46, 30), (10, -40)))
    network = added(networks.choosing())
    colors = suggestions(network(MIDDLE), MIDDLE, Place(0.1, 0.9))
    assert len(colors) == 3
    np.testing.assert_allclose(Hint(0, 0, colors[1]).ab, (42, 30), atol=2)  # 0.3 and 0.15 of them


def test_no_suggestions_without_likelihood(plain):
    with pytest.raises(ModelError, match="does not tell what is likely; choose one that does"):
        suggestions(plain(MIDDLE), MIDDLE, Place(0.5, 0.5))


def test_no_variant_is_the_network_itself(network):
    hints = (Hint(0.5, 0.5, "firebrick"),)
    told = predict(network, MIDDLE, ColorizeOptions(hints=hints))
    np.testing.assert_array_equal(told.ab, network(MIDDLE, hints).ab)


class Listening:
    """A network that remembers the hints it was given."""

    tells_likelihood = tells_uncertainty = True

    def __init__(self, network):
        self.network, self.card, self.asked = network, network.card, []

    def __call__(self, lightness, hints, vividness):
        self.asked.append(hints)
        return self.network(lightness, hints, vividness)


def told(network, variant, lightness=MIDDLE, known=()):
    """All hints that make a variant, after each step."""
    listening = Listening(network)
    predict(listening, lightness, ColorizeOptions(hints=known), variant)
    return listening.asked


def test_what_is_plausible_comes_first_and_the_same_variant_is_always_the_same(network):
    begun = [told(network, variant)[1][0] for variant in range(1, 25)]
    places = {(hint.x, hint.y) for hint in begun}
    found = np.array([Hint(0, 0, hint.color).ab for hint in begun])
    for i, truth in enumerate(networks.PALETTE[1:3]):  # 0.3 and 0.15, where the likeliest is 0.5
        these = found[i * len(places) :][: len(places)]
        np.testing.assert_allclose(these, np.tile(truth, (len(these), 1)), atol=2.5)
    assert told(network, 4) == told(network, 4)
    assert told(network, 4)[-1] != told(network, 1)[-1]  # which begins with the same colour


def test_variants_are_as_vivid_as_is_wished(network):
    plain, vivid = (
        predict(network, MIDDLE, ColorizeOptions(vividness=vividness), 1).ab
        for vividness in (1, 1.5)
    )
    np.testing.assert_allclose(vivid, 1.5 * plain, atol=4)
    assert np.linalg.norm(plain, axis=0).mean() > 10


def test_every_variant_begins_otherwise(network):
    begun = {
        (hint.x, hint.y, hint.color) for hint in (told(network, n)[1][0] for n in range(1, 13))
    }
    assert len(begun) == 12


@pytest.fixture(scope="module")
def bundled():
    return Colorizer(threads=1)  # a second thread counts while it waits


@pytest.mark.parametrize("name", ["astronaut", "chelsea", "china", "coffee", "flower", "rocket"])
def test_six_variants_of_the_bundled_network_are_six(name, free_pictures, bundled):
    picture = cv2.cvtColor(free_pictures[name], cv2.COLOR_RGB2GRAY)
    picture = cv2.resize(picture, (200, 160), interpolation=cv2.INTER_AREA)
    seen = [bundled(picture, variant=variant) for variant in range(6)]
    ab = [color.srgb_to_lab(rgb.transpose(2, 0, 1) / 255)[1:] for rgb in seen]
    apart = [np.linalg.norm(one - other, axis=0).mean() for one, other in combinations(ab, 2)]
    assert min(apart) > 0.5


def test_where_all_is_known_there_are_no_variants(network):
    known = tuple(Hint(x, y, "teal") for x in np.linspace(0, 1, 13) for y in np.linspace(0, 1, 9))
    assert told(network, 3, known=known) == [known]


def test_a_variant_is_one_color_where_the_network_spreads_what_it_is_told(network):
    ab = predict(network, MIDDLE, DEFAULT_OPTIONS, 2).ab
    assert np.ptp(ab, axis=(1, 2)).max() < 1e-3


def test_what_somebody_knows_holds_in_every_variant(network):
    known = Hint(0.25, 0.25, "#8a2b2b")
    asked = told(network, 1, known=(known,))
    assert len(asked) == 5
    assert [hints[-1] for hints in asked] == [known] * 5  # the last lies upon the others
    assert len({(hint.x, hint.y) for hint in asked[-1]}) == 5


def test_the_most_doubtful_place_is_decided_first(network):
    lightness = np.full((96, 96), 20, np.float32)
    lightness[16:32, 56:80] = 90  # the uncertainty is a tenth of it
    first = told(network, 1, lightness)[1][0]
    assert 56 / 96 < first.x < 80 / 96
    assert 16 / 96 < first.y < 32 / 96


def test_a_picture_of_one_pixel_has_variants(network):
    assert predict(network, np.full((1, 1), 50, np.float32), DEFAULT_OPTIONS, 1).ab.shape == (
        2,
        1,
        1,
    )


def test_no_variants_without_likelihood(plain):
    with pytest.raises(ModelError, match="so it makes no variants; choose a network that does"):
        predict(plain, MIDDLE, DEFAULT_OPTIONS, 1)
