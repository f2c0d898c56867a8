import asyncio
import json
from dataclasses import replace

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from colorear.hints import Hint, Unreachable
from colorear.inference.verify import Verification
from colorear.server.api.responses import HEADERS, file_response


def about(outcome, **card):
    """The outcome of a network with such a card."""
    return replace(outcome, card=msgspec.structs.replace(outcome.card, **card))


def test_the_file_comes_whole(outcome):
    async def taken(response) -> bytes:
        return b"".join([chunk async for chunk in response.body_iterator])

    response = file_response(outcome)
    assert response.status_code == 200
    assert response.headers["content-type"] == "image/jpeg"
    assert int(response.headers["content-length"]) == outcome.path.stat().st_size
    assert asyncio.run(taken(response)) == outcome.path.read_bytes()


def test_the_headers_say_what_was_done(outcome):
    scores = {"landscapes": {"psnr": 24.123456}}
    promise = Verification(identical_dct=None, max_luma_difference=2)
    made = replace(about(outcome, version="3", scores=scores), promise=promise)
    headers = file_response(made).headers
    assert headers["content-disposition"] == (
        "attachment; filename=\"ni_a-color.jpg\"; filename*=UTF-8''ni%C3%B1a-color.jpg"
    )
    assert headers["colorear-model"] == "acuarela"
    assert headers["colorear-model-version"] == "3"
    assert headers["colorear-model-sha256"] == outcome.card.sha256
    assert json.loads(headers["colorear-scores"]) == {"landscapes": {"psnr": 24.1235}}
    assert headers["colorear-seconds"] == "0.700"
    assert headers["colorear-megapixels"] == "2.000"
    luma = {"identical_dct": None, "max_luma_difference": 2, "ok": False}
    assert json.loads(headers["colorear-luma"]) == luma


def test_colours_that_cannot_be_had_are_told_but_not_too_many(outcome):
    assert "colorear-unreachable" not in file_response(outcome).headers
    many = [Unreachable(Hint(x / 100, 0.5, "firebrick"), "#300000") for x in range(100)]
    headers = file_response(replace(outcome, unreachable=many)).headers
    told = json.loads(headers["colorear-unreachable"])
    assert told[7] == {"x": 0.07, "y": 0.5, "color": "firebrick", "nearest": "#300000"}
    assert len(told) == 20
    assert sum(len(name) + len(value) + 4 for name, value in headers.items()) < 8000


def test_every_header_is_described_and_no_other(outcome):
    told = replace(outcome, unreachable=[Unreachable(Hint(0, 0, "red"), "#100000")])
    described = {name.lower() for name in HEADERS}
    assert set(file_response(told).headers) == described | {"content-length", "content-type"}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text())
def test_a_version_in_any_writing_is_one_plain_line(outcome, version):
    header = file_response(about(outcome, version=version)).headers["colorear-model-version"]
    assert header.isascii()
    assert header.isprintable()
