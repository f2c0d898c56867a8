"""What every test may use: free pictures that installed packages ship, a folder for networks."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skimage.data
from coverage import Coverage
from hypothesis import settings
from sklearn.datasets import load_sample_image

import networks
from colorear.models import Kind, Network, add, load

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # some tests import ONNX Runtime themselves
os.environ["LC_ALL"] = "C.UTF-8"  # the command speaks the language of the locale

# a busy machine is no failure, and one commit gives one result; `make fuzz` searches at random
settings.register_profile("test", deadline=None, derandomize=True)
settings.register_profile("fuzz", deadline=None)

# what a shell starts in the background ignores Ctrl-C, and so would the commands under test
signal.signal(signal.SIGINT, signal.default_int_handler)

FREE_PICTURES = {
    "astronaut": skimage.data.astronaut,
    "chelsea": skimage.data.chelsea,
    "coffee": skimage.data.coffee,
    "rocket": skimage.data.rocket,
    "china": lambda: load_sample_image("china.jpg"),
    "flower": lambda: load_sample_image("flower.jpg"),
}


def pytest_configure(config: pytest.Config) -> None:
    settings.load_profile("fuzz" if config.getoption("fuzz", default=False) else "test")


@pytest.fixture(scope="session")
def free_pictures() -> dict[str, np.ndarray]:
    """Colour photographs by name, (h, w, 3) sRGB bytes."""
    return {name: np.asarray(load()) for name, load in FREE_PICTURES.items()}


@pytest.fixture(scope="session", autouse=True)
def _exports_untraced() -> Iterator[None]:
    """Coverage looks away while torch exports: tracing makes that several times slower."""
    tracer = Coverage.current()
    if tracer is None:
        yield
        return
    import torch.onnx

    export = torch.onnx.export

    def untraced(*args: Any, **options: Any) -> Any:
        tracer.stop()
        try:
            return export(*args, **options)
        finally:
            tracer.start()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.onnx, "export", untraced)
        yield


@pytest.fixture(autouse=True)
def added_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where networks are added: not where the person who runs the tests has theirs."""
    folder = tmp_path / "añadidas"
    monkeypatch.setenv("COLOREAR_MODELS", str(folder))
    return folder


@pytest.fixture
def added(tmp_path: Path) -> Callable[..., Network]:
    """Adds a network like a user does, and loads it."""

    def add_and_load(model: bytes, kind: Kind = "contract", name: str = "small") -> Network:
        path = tmp_path / "a file.onnx"
        path.write_bytes(model)
        add(path, name, kind)
        return load(name, threads=1)

    return add_and_load


@pytest.fixture(scope="session")
def known_network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a network whose colours can be told beforehand: see `networks.contract`."""
    path = tmp_path_factory.mktemp("networks") / "known.onnx"
    path.write_bytes(networks.contract())
    return path
