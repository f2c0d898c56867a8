import asyncio
import json
from dataclasses import replace

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from colorear.hints import Hint, Unreachable
from colorear.inference.verify import Verification
from colorear.server.api.responses import HEADERS, file_response


def about(result, **card):
    """The outcome of a network with such a card."""
    return replace(result, card=msgspec.structs.replace(result.card, **card))


def test_the_file_comes_whole(result):
    async def taken(response) -> bytes:
        return b"".join([chunk async for chunk in response.body_iterator])

    response = file_response(result)
    assert response.status_code == 200
    assert response.headers["content-type"] == "image/jpeg"
    assert int(response.headers["content-length"]) == result.path.stat().st_size
    assert asyncio.run(taken(response)) == result.path.read_bytes()


def test_the_headers_say_what_was_done(result):
    scores = {"landscapes": {"psnr": 24.123456}}
    verification = Verification(identical_dct=None, max_luma_difference=2)
    made = replace(about(result, version="3", scores=scores), verification=verification)
    headers = file_response(made).headers
    assert headers["content-disposition"] == (
        "attachment; filename=\"ni_a-color.jpg\"; filename*=UTF-8''ni%C3%B1a-color.jpg"
    )
    assert headers["colorear-model"] == "acuarela"
    assert headers["colorear-model-version"] == "3"
    assert headers["colorear-model-sha256"] == result.card.sha256
    assert json.loads(headers["colorear-scores"]) == {"landscapes": {"psnr": 24.1235}}
    assert headers["colorear-seconds"] == "0.700"
    assert headers["colorear-megapixels"] == "2.000"
    luma = {"identical_dct": None, "max_luma_difference": 2, "ok": False}
    assert json.loads(headers["colorear-luma"]) == luma


def test_colors_that_cannot_be_had_are_told_but_not_too_many(result):
    assert "colorear-unreachable" not in file_response(result).headers
    batch = [Unreachable(Hint(x / 100, 0.5, "firebrick"), "#300000") for x in range(100)]
    headers = file_response(replace(result, unreachable=batch)).headers
    told = json.loads(headers["colorear-unreachable"])
    assert told[7] == {"x": 0.07, "y": 0.5, "color": "firebrick", "nearest": "#300000"}
    assert len(told) == 20
    assert sum(len(name) + len(value) + 4 for name, value in headers.items()) < 8000


def test_every_header_is_described_and_no_other(result):
    wishes = [Unreachable(Hint(0, 0, "red"), "#100000")]
    told = replace(result, unreachable=wishes, left_out=["page 2 is left out: it is damaged"])
    described = {name.lower() for name in HEADERS}
    assert set(file_response(told).headers) == described | {"content-length", "content-type"}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text())
def test_a_version_in_any_writing_is_one_plain_line(result, version):
    header = file_response(about(result, version=version)).headers["colorear-model-version"]
    assert header.isascii()
    assert header.isprintable()
