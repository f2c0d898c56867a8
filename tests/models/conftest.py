from collections.abc import Callable

import pytest

import networks


@pytest.fixture
def make_onnx() -> Callable[..., bytes]:
    return networks.onnx_bytes


@pytest.fixture
def make_pointwise() -> Callable[..., bytes]:
    return networks.pointwise


@pytest.fixture
def make_contract() -> Callable[..., bytes]:
    return networks.contract
