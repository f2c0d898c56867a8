"""The OpenAPI document says what is so."""

import json

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from colorear.server.api.openapi import DESCRIPTION
from server.conftest import EXAMPLES

PHOTOGRAPHS = [(EXAMPLES / name).read_bytes() for name in ("china.jpg", "coffee.png")]


@pytest.mark.parametrize("mode", GenerationMode)
def test_every_answer_is_one_that_the_document_knows(serve, mode):
    schemathesis.openapi.format("binary", st.sampled_from(PHOTOGRAPHS))
    document = schemathesis.openapi.from_url(f"{serve().address}/v1/openapi.json")
    operations = [result.ok() for result in document.get_all_operations()]
    assert len(operations) == 9

    for operation in operations:

        @seed(1)
        @settings(max_examples=5, suppress_health_check=list(HealthCheck), database=None)
        @given(operation.as_strategy(generation_mode=mode))
        def check(case):
            case.call_and_validate(timeout=300)

        if mode is GenerationMode.POSITIVE or operation.body:
            check()


def test_every_route_field_and_error_is_told(serve):
    told = httpx.get(f"{serve().address}/v1/openapi.json").json()
    assert set(told["paths"]) == {
        "/healthz",
        "/readyz",
        "/metrics",
        "/v1/colorize",
        "/v1/models",
        "/v1/suggestions",
        "/v1/jobs/{id}",
        "/v1/jobs/{id}/result",
    }
    assert told["info"] == {"title": "colorear", "version": "1.0", "description": DESCRIPTION}
    asked = told["paths"]["/v1/suggestions"]["post"]["requestBody"]["content"]
    schema = asked["multipart/form-data"]["schema"]
    assert set(schema["properties"]) == {"photograph", "hints", "model", "x", "y"}
    assert schema["required"] == ["photograph", "x", "y"]
    post = told["paths"]["/v1/colorize"]["post"]
    fields = post["requestBody"]["content"]["multipart/form-data"]["schema"]["properties"]
    assert set(fields) == {"photograph", "hints", "model", "vividness", "variants", "uncertainty"}
    statuses = {"200", "202", "400", "408", "413", "415", "422", "429", "500", "503", "504"}
    assert set(post["responses"]) == statuses
    for status, response in post["responses"].items():
        if status >= "400":
            (content,) = response["content"].values()
            assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
            assert content["examples"]
    assert "HTTPValidationError" not in json.dumps(told)
