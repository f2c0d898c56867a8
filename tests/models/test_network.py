import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import helper

import networks
from colorear.color import lightness_to_luma, luma_to_lightness
from colorear.errors import ModelError
from colorear.hints import Hint
from colorear.models import Network, Prediction
from colorear.models.onnx_session import Session


def with_card(network: Network, model: bytes, **changes: object) -> Network:
    return Network(msgspec.structs.replace(network.card, **changes), Session("small", model))


@pytest.fixture
def network(added, make_contract):
    return added(make_contract())


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 300), (300, 1), (37, 61), (64, 96)])
@pytest.mark.parametrize("stride", [1, 2, 4])
def test_flat_pictures_of_any_size(added, make_contract, stride, height, width):
    prediction = added(make_contract(stride))(np.full((height, width), 40, np.float32))
    assert prediction.ab.shape == (2, height, width)
    assert prediction.ab.dtype == np.float32
    assert prediction.ab.flags.c_contiguous
    np.testing.assert_allclose(prediction.ab[0], 21, atol=1e-4)
    np.testing.assert_allclose(prediction.ab[1], -7, atol=1e-4)
    assert prediction.uncertainty.shape == (1, height, width)
    np.testing.assert_allclose(prediction.uncertainty, 4, atol=1e-4)


def test_colors_alone_are_those_of_all_that_it_tells(network):
    ramp = np.tile(np.linspace(0, 100, 64, dtype=np.float32), (48, 1))
    hints = [Hint(0.5, 0.5, "#aa3344", radius=0.1)] if network.card.hints else []
    np.testing.assert_array_equal(network.ab(ramp, hints, 2), network(ramp, hints, 2).ab)
    page = np.pad(ramp, 40, constant_values=99)  # its margins are left out in both
    np.testing.assert_array_equal(network.ab(page), network(page).ab)
    assert np.abs(network.ab(page)[:, :30]).max() == 0


def test_it_sees_another_size_unless_it_takes_one_alone(added, make_contract):
    network = added(make_contract(1))
    seeing = network.seeing(2 * network.card.size)
    assert (network.fit(300, 400), seeing.fit(300, 400)) == ((256, 352), (512, 672))
    one = added(make_contract(1, picture=("n", 1, 64, 64)), name="one")
    assert one.seeing(512).fit(300, 400) == (64, 64)
    assert (network.has_sizes, one.has_sizes) == (True, False)
    assert network.seeing(network.card.size) is network
    for size in (0, 1025):
        with pytest.raises(ModelError, match="1 to 1024 can be"):
            network.seeing(size)


def inverted(lightness: np.ndarray) -> np.ndarray:
    return luma_to_lightness(1 - lightness_to_luma(lightness)).astype(np.float32)


@pytest.mark.parametrize(("level", "is_one"), [(80, True), (60, True), (51, False), (20, False)])
def test_negatives_are_told_where_the_inverted_picture_is_another(
    added, make_contract, level, is_one
):
    network = added(make_contract(negative=True))
    flat = np.full((64, 96), level, np.float32)
    prediction = network(flat)
    assert prediction.negative == pytest.approx(2 * ((level - 50) / 10,), abs=1e-4)
    assert network.is_negative(flat, prediction) == is_one
    if is_one:  # of both at most one is
        assert not network.is_negative(inverted(flat), network(inverted(flat)))


def test_margins_do_not_make_a_negative(added, make_contract):
    network = added(make_contract(negative=True))
    picture = np.tile(np.linspace(0, 60, 96, dtype=np.float32), (64, 1))
    page = np.pad(picture, 60, constant_values=99)
    assert page.mean() > 70
    assert not network.is_negative(page, network(page))
    page = np.pad(inverted(picture), 60, constant_values=1)
    assert page.mean() < 30
    assert network.is_negative(page, network(page))


def test_networks_that_tell_no_negatives_take_nothing_for_one(network):
    white = np.full((64, 96), 95, np.float32)
    assert network(white).negative is None
    assert not network.is_negative(white, network(white))


def test_an_answer_about_negatives_of_another_shape_is_refused(added):
    weights = {"matrix": np.zeros((2, 1, 1, 1), np.float32)}
    nodes = [
        helper.make_node("Conv", ["lightness", "matrix"], ["ab"]),
        helper.make_node("GlobalAveragePool", ["lightness"], ["negative"]),
    ]
    picture = ("n", 1, "h", "w")
    outputs = {"ab": ("n", 2, "h", "w"), "negative": ("n", 1, 1, 1)}
    model = networks.onnx_bytes(nodes, {"lightness": picture}, outputs, weights)
    with pytest.raises(ModelError, match=r"\(1, 1, 1, 1\) in 'negative', expected \(1, 2\)"):
        added(model)


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("stride", [1, 2, 4, 8])
@pytest.mark.parametrize("length", [64, 61])
def test_a_ramp_comes_back_without_a_shift(added, make_contract, length, stride, axis):
    ramp = np.linspace(0, 100, length, dtype=np.float32)
    lightness = np.broadcast_to(ramp if axis else ramp[:, None], (length, length))
    ab, uncertainty, *_ = added(make_contract(stride))(lightness)
    inside = slice(stride, -2 * stride)  # the edges go on flat
    for answer, expected in ((ab[0], lightness / 2 + 1), (uncertainty[0], lightness / 10)):
        np.testing.assert_allclose(answer[inside, inside], expected[inside, inside], atol=1e-3)


def test_at_stride_1_every_pixel_is_its_own(added, make_contract):
    lightness = np.random.default_rng(0).uniform(0, 100, (37, 61)).astype(np.float32)
    ab = added(make_contract(1))(lightness).ab
    np.testing.assert_allclose(ab, np.stack((lightness / 2 + 1, 3 - lightness / 4)), atol=1e-4)


def test_what_is_padded_repeats_the_edge(added, make_contract):
    lightness = np.full((33, 33), 20, np.float32)
    lightness[-1, -1] = 60
    corner = added(make_contract(2))(lightness).ab[0, -1, -1]
    bright = (3 / 4) ** 2  # the corner lies a quarter of the way to each neighbouring sample
    assert corner == pytest.approx((20 + 40 * bright) / 2 + 1)


def test_uncertainty_may_be_missing(added, make_contract):
    network = added(make_contract(uncertainty=False))
    assert isinstance(network(np.zeros((5, 5), "f4")), Prediction)
    assert network(np.zeros((5, 5), "f4")).uncertainty is None


@pytest.mark.parametrize(
    ("size", "places"), [((64, 96), (8, 12)), ((1, 1), (1, 1)), ((33, 65), (5, 9))]
)
def test_what_is_likely_lies_over_the_picture(added, size, places):
    told = added(networks.choosing())(np.full(size, 40, np.float32))
    assert told.likelihood.shape == (4, *places)  # of 8 pixels each, without what was padded
    np.testing.assert_allclose(told.likelihood[:, 0, 0], networks.LIKELY)
    np.testing.assert_allclose(told.palette, networks.PALETTE)


def test_what_is_not_told_is_none(added, make_contract):
    network = added(make_contract())
    assert network.tells_uncertainty
    assert not network.tells_likelihood
    told = network(np.full((8, 8), 40, "f4"))
    assert told.likelihood is told.palette is None


def test_no_hints_and_full_vividness_are_fed(added, make_contract):
    network = added(make_contract(hints=True, vividness=True))
    assert network.card.hints
    assert network(np.full((8, 8), 40, "f4")).ab[0, 0, 0] == pytest.approx(21)


def test_the_picture_is_not_changed_and_may_be_read_only(added, make_contract):
    lightness = np.full((5, 7), 40.0)
    lightness.flags.writeable = False
    assert added(make_contract())(lightness).ab.shape == (2, 5, 7)


def test_a_network_of_one_size_sees_the_picture_stretched(added, make_contract):
    network = added(make_contract(picture=("n", 1, 48, 64), hints=False))
    assert network.fit(3000, 2000) == (48, 64)
    lightness = np.zeros((90, 30), np.float32)
    lightness[:, 15:] = 100
    ab = network(lightness).ab
    assert ab.shape == (2, 90, 30)
    np.testing.assert_allclose(ab[0, :, :12], 1, atol=1e-4)
    np.testing.assert_allclose(ab[0, :, 18:], 51, atol=1e-4)
    np.testing.assert_allclose(ab[0, :, 14] + ab[0, :, 15], 52, atol=1e-3)  # the edge stays put


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((3000, 4000), (256, 352)),
        ((4000, 3000), (352, 256)),
        ((256, 256), (256, 256)),
        ((100, 80), (320, 256)),
        ((1, 1), (256, 256)),
        ((1, 40000), (32, 1024)),
        ((2000, 40000), (64, 1024)),
        ((20000, 20000), (256, 256)),
    ],
)
def test_fit(network, size, expected):
    assert network.fit(*size) == expected


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # `fit` has no state
@given(height=st.integers(1, 50000), width=st.integers(1, 50000))
def test_fit_needs_no_padding_and_keeps_the_shape(network, height, width):
    h, w = network.fit(height, width)
    assert h % 32 == w % 32 == 0
    assert 32 <= min(h, w) <= 256
    assert max(h, w) <= 1024
    scale = min(256 / min(height, width), 1024 / max(height, width))
    assert max(abs(h - scale * height), abs(w - scale * width)) <= 32  # 16, where it is not thin
    assert network.fit(h, w) == (h, w) or min(h, w) < 256


def test_an_answer_of_another_stride_gets_one_sentence(added, make_contract):
    model = make_contract(2)
    network = with_card(added(model), model, stride=4)
    with pytest.raises(ModelError, match=r"answered \(32, 32\) to \(64, 64\), expected \(16, 16\)"):
        network(np.zeros((40, 40), np.float32))


def test_half_fixed_sizes_get_one_sentence(added, make_contract):
    with pytest.raises(ModelError, match="takes pictures of any x 64 pixels, expected both free"):
        added(make_contract(picture=("n", 1, "h", 64)))


def test_hints_reach_the_network_where_they_lie(added):
    network = added(networks.contract(1, hints=True))
    flat = np.full((33, 65), 50, np.float32)  # sizes that need padding
    plain = network(flat).ab
    hint = Hint(0.5, 0.5, "red", 0)
    told = network(flat, [hint]).ab - plain
    rows, columns = np.nonzero(np.abs(told[0]) > 1)
    assert (rows.tolist(), columns.tolist()) == ([16], [32])
    expected = 1000 * (sum(hint.ab) + 1)
    assert told[:, 16, 32] == pytest.approx([expected] * 2, rel=1e-4)
    assert np.array_equal(network(flat, []).ab, plain)


def test_hints_for_a_network_that_takes_none(added):
    with pytest.raises(ModelError, match="small takes no hints; choose a network that does"):
        added(networks.contract())(np.zeros((32, 32), np.float32), [Hint(0, 0, "red")])


def test_hints_for_siggraph17(added):
    """Three inputs in order: L*, known a*b*, mask."""
    inputs = {"L": (1,), "ab": (2,), "mask": (1,)}
    model = networks.pointwise([[0, 1, 0, 0], [0, 0, 1, 5]], [0, 0], inputs=inputs, side=64)
    hint = Hint(0.5, 0.5, "blue", 1)
    a, b = added(model, "siggraph17")(np.full((64, 64), 40, np.float32), [hint]).ab[:, 32, 32]
    assert (a, b) == pytest.approx((hint.ab[0], hint.ab[1] + 5), abs=1e-3)


def test_what_is_told_is_not_made_stronger(added):
    network, hint = added(networks.choosing()), Hint(0.5, 0.5, "firebrick", 1)
    for vividness in (1, 2.5):
        ab = network(np.full((64, 64), 40, np.float32), [hint], vividness).ab
        assert ab[:, 32, 32] == pytest.approx(hint.ab, abs=1e-3)


@pytest.mark.parametrize("itself", [True, False])
def test_vividness(added, itself):
    network = added(networks.contract(vividness=itself))
    ramp = np.tile(np.linspace(0, 100, 64, dtype=np.float32), (32, 1))
    plain = network(ramp).ab
    assert np.array_equal(network(ramp, vividness=0).ab, np.zeros_like(plain))
    assert np.allclose(network(ramp, vividness=1.5).ab, 1.5 * plain, atol=1e-4)
