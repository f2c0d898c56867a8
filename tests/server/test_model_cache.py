import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from colorear import models
from colorear.server.model_cache import (
    ModelCache,
    NoSuchNetworkError,
    UnusableNetworkError,
    available_models,
    check_name,
)


@pytest.fixture
def three(known_network) -> None:
    """Networks called a, b and c."""
    for name in "abc":
        models.add(known_network, name, "contract")


@pytest.mark.usefixtures("three")
def test_those_without_a_file_are_not_here(added_folder):
    assert available_models()["a"].name == "a"
    (added_folder / "a.onnx").unlink()
    assert "a" in models.cards()
    assert {"acuarela", "b", "c"} <= set(available_models())
    assert "a" not in available_models()
    with pytest.raises(NoSuchNetworkError, match="no network called 'a' here"):
        check_name("a")


def test_nobody_names_a_file(known_network):
    check_name("acuarela")
    with pytest.raises(NoSuchNetworkError, match=r"here; name one of: acuarela"):
        check_name(str(known_network))
    with pytest.raises(NoSuchNetworkError, match=r"'x{100}' here"):
        ModelCache(most=1, threads=1).get("x" * 5000)


@pytest.mark.usefixtures("three")
def test_the_one_that_was_used_longest_ago_is_let_go():
    networks = ModelCache(most=2, threads=1)
    first, second = networks.get("a"), networks.get("b")
    assert networks.get("a") is first
    assert networks.get("c").network.card.name == "c"
    assert networks.get("a") is first
    assert networks.get("b") is not second


@pytest.mark.usefixtures("three")
def test_many_threads_that_ask_at_once_get_the_same():
    networks, start = ModelCache(most=1, threads=1), threading.Barrier(8)

    def ask(name: str):
        start.wait()
        return networks.get(name)

    with ThreadPoolExecutor(8) as executor:
        assert len(set(executor.map(ask, "aaaaaaaa"))) == 1


@pytest.mark.usefixtures("three")
def test_of_one_that_is_damaged_only_the_log_tells_all(added_folder, caplog):
    (added_folder / "a.onnx").write_bytes(b"damaged")
    with pytest.raises(UnusableNetworkError, match="a cannot be used on this server") as told:
        ModelCache(most=1, threads=1).get("a")
    assert str(added_folder) not in str(told.value)
    assert "a.onnx is not the file that its card describes" in caplog.text


@pytest.mark.usefixtures("three")
def test_a_damaged_card_costs_only_its_own_network(added_folder, caplog):
    (added_folder / "a.json").write_text("{")
    for _ in range(2):
        assert {"acuarela", "b", "c"} <= set(available_models())
        assert "a" not in available_models()
    check_name("acuarela")
    assert caplog.text.count("a.json is not a card that colorear can use") == 1
