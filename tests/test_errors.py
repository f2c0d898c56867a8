import pytest
import pyvips
from onnxruntime.capi.onnxruntime_pybind11_state import RuntimeException

from colorear.errors import ModelError, reason_of, translated


def test_what_others_say_is_one_line_of_some_words():
    """libtiff repeats a warning for each tag that it does not know."""
    said = reason_of(pyvips.Error("tiff2vips: unknown tag\n" * 5000))
    assert len(said) <= 301
    assert said.startswith("tiff2vips: unknown tag tiff2vips")
    assert said.endswith("…")
    assert reason_of(ValueError("one thing.\nand another.")) == "one thing. and another"


def test_of_a_report_of_libvips_what_tells_the_most():
    report = "unable to {}\n{}heif: Invalid input: Unexpected end of file\nheifload: load error"
    for tried in ("call avg", "write to memory"):
        for before in ("", "a.avif: bad seek to 29371\na.avif: bad seek to 2030\n"):
            said = reason_of(pyvips.Error(report.format(tried, before)))
            assert said == "heif: Invalid input: Unexpected end of file"
    assert reason_of(pyvips.Error("unable to call avg")) == "unable to call avg"
    assert (
        reason_of(pyvips.Error("unable to call avg\na.tif: bad seek to 9"))
        == "a.tif: bad seek to 9"
    )


def test_a_network_for_which_there_is_no_memory_is_not_called_a_wrong_file():
    says = "^acuarela needs more memory than there is; end other programs$"
    with pytest.raises(ModelError, match=says), translated(ModelError, "acuarela"):
        raise RuntimeException("[ONNXRuntimeError] : 6 : Exception during init: std::bad_alloc")
