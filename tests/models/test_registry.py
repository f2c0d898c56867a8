import itertools
import json
import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest

import networks
from colorear.errors import ModelError
from colorear.models import add, cards, is_here, load, registry, remove, writing
from colorear.models.card import encode_card


@pytest.fixture
def model_file(tmp_path, make_contract):
    path = tmp_path / "red neuronal.onnx"
    path.write_bytes(make_contract(4))
    return path


def test_a_network_is_added_loaded_and_removed(model_file, added_folder):
    card = add(model_file, "mine", "contract")
    assert (card.name, card.kind, card.stride, card.hints) == ("mine", "contract", 4, False)
    assert card.bytes == model_file.stat().st_size
    assert cards()["mine"] == registry.card("mine") == card
    assert sorted(p.name for p in added_folder.iterdir()) == ["mine.json", "mine.onnx"]
    network = load("mine")
    assert network.card == card
    assert network(np.full((9, 9), 40, np.float32)).ab[0, 4, 4] == pytest.approx(21)
    remove("mine")
    assert "mine" not in cards()
    assert list(added_folder.iterdir()) == []


def test_the_bundled_network_is_small():
    assert cards()["acuarela"].bytes < 15e6


@pytest.mark.parametrize("as_text", [True, False])
def test_a_file_is_loaded_without_adding_it(model_file, added_folder, as_text):
    network = load(str(model_file) if as_text else model_file)
    assert network.card.name == "red neuronal"
    assert network.card.stride == 4
    assert network(np.full((1, 1), 40, np.float32)).ab.shape == (2, 1, 1)
    assert not added_folder.exists()


@pytest.mark.parametrize("known", [True, False])
def test_what_is_packed_is_the_same_elsewhere(model_file, tmp_path, known):
    if known:
        add(model_file, "mine", "contract")
    name = "mine" if known else model_file
    model, card = registry.packed(name)
    assert model == model_file.read_bytes()
    elsewhere = tmp_path / "elsewhere" / f"{card.name}.onnx"
    writing.write(elsewhere, model, card)
    assert load(elsewhere).card == load(name).card == card


def test_a_missing_file_gets_one_sentence(tmp_path):
    with pytest.raises(
        ModelError, match=r"nobody.onnx cannot be read: No such file.*give the path"
    ):
        load(tmp_path / "nobody.onnx")
    with pytest.raises(ModelError, match="cannot be read: Is a directory"):
        add(tmp_path, "mine", "contract")


def test_a_network_too_large_for_the_package_is_found_beside_it_or_its_absence_is_told(
    model_file, added_folder, tmp_path, monkeypatch
):
    add(model_file, "large", "contract")
    package, checkout = tmp_path / "package", tmp_path / "networks"
    package.mkdir()
    checkout.mkdir()
    (added_folder / "large.json").replace(package / "large.json")
    monkeypatch.setattr(registry, "BUNDLED", package)
    monkeypatch.setattr(registry, "CHECKOUT", checkout)
    assert is_here("large")
    assert load("large").card.name == "large"
    (added_folder / "large.onnx").replace(checkout / "large.onnx")
    assert load("large").card.name == "large"
    (checkout / "large.onnx").write_bytes(b"another")
    with pytest.raises(ModelError, match=r"large\.onnx is not the file that its card describes"):
        load("large")
    (checkout / "large.onnx").unlink()
    assert not is_here("large")
    with pytest.raises(ModelError, match=r"large is not part of .* models fetch large FILE"):
        load("large")


def test_a_network_of_its_own_photographs_is_asked_for_them(tmp_path):
    path = tmp_path / "painter.onnx"
    path.write_bytes(networks.painter())
    network = load(path)
    assert network.makes_srgb
    srgb = network.srgb(np.full((7, 9), 50, np.float32))
    assert srgb.shape == (3, 7, 9)
    assert srgb[:, 3, 3] == pytest.approx([0.5, 0.25, 0.1])


def test_a_network_of_color_alone_has_no_photograph(model_file):
    network = load(model_file)
    assert not network.makes_srgb
    with pytest.raises(ModelError, match="gives a\\* and b\\* alone"):
        network.srgb(np.zeros((8, 8), np.float32))


def test_a_file_that_changed_is_refused(model_file, added_folder, make_contract):
    add(model_file, "mine", "contract")
    (added_folder / "mine.onnx").write_bytes(make_contract(2))
    with pytest.raises(ModelError, match=r"mine.onnx is not the file that its card describes"):
        load("mine")


def test_a_network_whose_file_is_gone_gets_one_sentence(model_file, added_folder):
    add(model_file, "mine", "contract")
    (added_folder / "mine.onnx").unlink()
    with pytest.raises(ModelError, match=r"mine\.onnx is gone; remove mine with"):
        load("mine")
    remove("mine")


def test_an_unknown_name_lists_the_known_ones(model_file):
    add(model_file, "sepia", "contract")
    with pytest.raises(
        ModelError, match=r"called 'sepla'; did you mean 'sepia'\? known are: .*sepi"
    ):
        load("sepla")
    with pytest.raises(ModelError, match=r"called 'xyz'; known are: .*sepia.*must end in .onnx"):
        registry.card("xyz")
    with pytest.raises(ModelError, match="no network called 'other'"):
        remove("other")


@pytest.mark.parametrize("name", ["", "-x", "UPPER", "a b", "../x", "x.onnx", "ñ", "a" * 65, "a\n"])
def test_a_bad_name_is_refused(model_file, name):
    with pytest.raises(ModelError, match="cannot name a network; expected up to 64"):
        add(model_file, name, "contract")


@pytest.mark.parametrize("name", ["gray", "mean-color", "opposite-hues", "mine"])
def test_a_taken_name_is_refused(model_file, name):
    add(model_file, "mine", "contract")
    with pytest.raises(ModelError, match=f"the name '{name}' is taken; choose another"):
        add(model_file, name, "contract")


def test_an_unknown_kind_lists_the_known_ones(model_file):
    with pytest.raises(ModelError, match=r"no kind of network called 'pix2pix'; known are: contr"):
        add(model_file, "mine", "pix2pix")


def test_bundled_networks_stay(model_file, added_folder, tmp_path, monkeypatch):
    add(model_file, "bundled", "contract")
    added_folder.rename(tmp_path / "package")
    monkeypatch.setattr(registry, "BUNDLED", tmp_path / "package")
    assert load("bundled").card.name == "bundled"
    with pytest.raises(ModelError, match="bundled comes with colorear; only networks that were"):
        remove("bundled")
    with pytest.raises(ModelError, match="the name 'bundled' is taken"):
        add(model_file, "bundled", "contract")
    added_folder.mkdir()
    (added_folder / "bundled.json").write_text("{}")  # does not hide the one that came
    assert cards()["bundled"].stride == 4


def test_a_network_that_fails_is_not_kept(tmp_path, added_folder):
    path = tmp_path / "x.onnx"
    path.write_bytes(b"nothing")
    with pytest.raises(ModelError, match="mine cannot be loaded as an ONNX network"):
        add(path, "mine", "contract")
    assert not added_folder.exists()


def test_a_folder_that_cannot_be_made_gets_one_sentence(model_file, added_folder):
    added_folder.write_text("a file in its place")
    with pytest.raises(
        ModelError, match=r"mine cannot be kept in .*name another folder \(in COLOREAR"
    ):
        add(model_file, "mine", "contract")


def test_nothing_partial_stays_when_writing_fails(model_file, added_folder, monkeypatch):
    def full(*_: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(
        ModelError, match=r"mine cannot be kept in .*: No space left on device; make"
    ):
        add(model_file, "mine", "contract")
    assert list(added_folder.iterdir()) == []


@pytest.mark.parametrize("failing", [1, 2])
def test_a_name_is_had_by_one_of_those_who_add_networks_at_once(
    model_file, added_folder, make_contract, monkeypatch, failing
):
    """Each looked whether it was free before the trial, which takes a while."""
    another, try_out = model_file.with_name("another.onnx"), registry.try_out
    another.write_bytes(make_contract(8))

    def meanwhile(path, **how):
        if path == model_file:
            add(another, "mine", "contract")
        return try_out(path, **how)

    monkeypatch.setattr(registry, "try_out", meanwhile)
    with pytest.raises(ModelError, match="the name 'mine' is taken; choose another, or remove"):
        add(model_file, "mine", "contract")
    assert load("mine").card.stride == 8
    remove("mine")
    monkeypatch.setattr(writing, "replacing", full_at(failing))
    with pytest.raises(
        ModelError, match=r"mine cannot be kept in .*: No space left on device; make"
    ):
        add(another, "mine", "contract")
    assert list(added_folder.iterdir()) == []


def full_at(number: int):
    """Writes files until the disk is full."""
    count, replacing = itertools.count(1), writing.replacing

    def write(*place, **how):
        if next(count) == number:
            raise OSError(28, "No space left on device")
        return replacing(*place, **how)

    return write


def test_a_damaged_card_does_not_stop_the_other_networks(model_file, added_folder):
    add(model_file, "mine", "contract")
    fields = json.loads((added_folder / "mine.json").read_text())
    (added_folder / "broken.json").write_text(json.dumps(fields | {"extra": 1}))
    load("mine")
    with pytest.raises(ModelError, match=r"broken.json is not a card .*unknown field `extra`"):
        cards()
    remove("broken")
    assert "mine" in cards()


def test_importing_is_cheap():
    program = "import sys, colorear.models; print({'onnxruntime', 'torch'} & set(sys.modules))"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert answer.stdout.strip() == b"set()"


def test_the_card_beside_an_exported_file_goes_along(model_file, make_contract):
    add(model_file, "first", "contract")
    told = msgspec.structs.replace(registry.card("first"), trained_on="forests", size=96)
    beside = model_file.with_name("exported.onnx")
    beside.write_bytes(model_file.read_bytes())
    told = msgspec.structs.replace(told, name="exported")
    beside.with_suffix(".json").write_bytes(encode_card(told))
    assert load(beside).card == told
    assert add(beside, "forests", "contract") == msgspec.structs.replace(told, name="forests")
    beside.write_bytes(make_contract(2))
    with pytest.raises(ModelError, match=r"exported.onnx is not the file that its card describes"):
        load(beside)
