"""`benchmarks/negatives.py` upon a handful of photographs, and what it made of all of them."""

from pathlib import Path

import negatives
import numpy as np
import pytest
from PIL import Image

from colorear import models
from colorear.color import lightness_to_luma, luma, luma_to_lightness
from colorear.models import registry
from colorear.models.contract import contract_feeds
from colorear.models.network import Network
from colorear.models.onnx_session import Session
from colorear.models.resize import resized

FILE = registry.BUNDLED / "acuarela.onnx"
NAMES = ("astronaut", "chelsea", "china", "coffee", "flower", "rocket")


@pytest.fixture(scope="module")
def shown(free_pictures) -> dict[str, np.ndarray]:
    """L* of photographs, as the bundled network sees them."""
    network = models.load("acuarela", threads=1)
    found = {}
    for name in NAMES:
        rgb = free_pictures[name].astype(np.float32).transpose(2, 0, 1) / 255
        lightness = luma_to_lightness(luma(rgb))[0].astype(np.float32)
        found[name] = resized(lightness, *network.fit(*lightness.shape))
    return found


def inverted(lightness: np.ndarray) -> np.ndarray:
    return luma_to_lightness(1 - lightness_to_luma(lightness)).astype(np.float32)


def test_the_bundled_network_tells_negatives_and_takes_no_photograph_for_one(shown):
    network = models.load("acuarela", threads=1)
    told = {}
    for name, lightness in shown.items():
        assert not network.is_negative(lightness, network(lightness)), name
        told[name] = network.is_negative(inverted(lightness), network(inverted(lightness)))
    assert {name for name, is_one in told.items() if is_one} == {"astronaut", "china", "rocket"}


def test_its_colors_are_those_of_its_own_file(shown):
    network = models.load("acuarela", threads=1)
    alone = Network(network.card, Session("alone", FILE.read_bytes(), threads=1))
    for name in ("coffee", "rocket"):
        one, other = network(shown[name]), alone(shown[name])
        assert np.array_equal(one.ab, other.ab)
        assert np.array_equal(one.uncertainty, other.uncertainty)
        assert np.array_equal(one.likelihood, other.likelihood)
        assert other.negative is None


@pytest.fixture
def folders(tmp_path, free_pictures) -> list[Path]:
    """Six photographs of two kinds."""
    for number, name in enumerate(NAMES):
        folder = tmp_path / ("people" if number % 2 else "things")
        folder.mkdir(exist_ok=True)
        Image.fromarray(free_pictures[name]).save(folder / f"{name}.png")
    return [tmp_path / "people", tmp_path / "things"]


def test_it_learns_from_what_folders_hold(tmp_path, folders, shown, capsys):
    assert len(negatives.balanced(folders, 2)) == 4
    file = negatives.train(FILE, folders, 3, tmp_path)
    assert file.name == f"negatives-{models.cards()['acuarela'].sha256[:8]}.pb"
    assert "6 photographs; of " in capsys.readouterr().out
    session = Session("acuarela", FILE.read_bytes() + file.read_bytes(), threads=1)
    for lightness in shown.values():  # which it has learned by heart
        both = np.stack([lightness, inverted(lightness)])[:, None]
        (told,) = session.run(contract_feeds(session, both), ["negative"])
        assert told.shape == (2, 2)
        assert (told[1] > told[0]).all()


def test_what_is_told_is_judged(folders, capsys):
    assert negatives.taken_for(folders[0]).total() == 1
    negatives.judge(models.load("acuarela", threads=1), folders[0])
    said = capsys.readouterr().out
    assert said.startswith("people, 3 photographs: taken for negatives 0 of the photographs, ")


@pytest.mark.parametrize("make", [negatives.as_old, negatives.film, negatives.on_film])
def test_what_photographs_become(make):
    ramp = np.tile(np.linspace(0, 1, 200, dtype=np.float32), (3, 60, 1))
    rng = np.random.default_rng(0)
    made = make(ramp) if make is negatives.on_film else make(ramp[0], rng)
    assert made.shape == (ramp if make is negatives.on_film else ramp[0]).shape
    assert made.dtype == np.float32
    assert (made.min() >= 0, made.max() <= 1) == (True, True)
    rises = made[..., 150:190].mean() > made[..., 10:50].mean()
    assert rises == (make is negatives.as_old)
