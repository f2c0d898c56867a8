from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colorear.errors import HintError, ModelError, PhotographError
from colorear.server.model_cache import NoSuchNetworkError, UnusableNetworkError
from colorear.server.problems import (
    STATUS,
    Kind,
    Problem,
    ProblemError,
    problem_document,
    to_problem_error,
)
from colorear.server.worker_pool import ClientLimit, QueueFull, Stopping, Timeout


def unreadable() -> PhotographError:
    """As where the disk fails, which is not the photograph's fault."""
    error = PhotographError("'/secret/old.jpg' cannot be read")
    error.__cause__ = OSError("Input/output error")
    return error


@pytest.mark.parametrize(
    ("error", "kind", "headers"),
    [
        (ClientLimit("17 of yours", 3), "too-many-of-yours", {"Retry-After": "3"}),
        (QueueFull("64 wait", 7), "queue-full", {"Retry-After": "7"}),
        (Stopping("it ends"), "stopping", {"Retry-After": "30"}),
        (Timeout("120 seconds"), "took-too-long", {}),
        (HintError("no such color"), "wrong-field", {}),
        (NoSuchNetworkError("no such network"), "wrong-field", {}),
        (PhotographError("'old.gif' is a GIF"), "not-a-photograph", {}),
        (UnusableNetworkError("it cannot be used"), "server-error", {}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_was_foreseen_is_told_as_it_is(error, kind, headers):
    problem_error = to_problem_error(error)
    assert (problem_error.kind, str(problem_error), problem_error.headers) == (
        kind,
        str(error),
        headers,
    )


@pytest.mark.parametrize(
    "error",
    [RuntimeError("/secret/place"), OSError("/secret"), ModelError("/secret.json"), unreadable()],
)
def test_of_anything_else_nothing_is_told(error):
    problem_error = to_problem_error(error)
    assert problem_error.kind == "server-error"
    assert "whose log tells what" in str(problem_error)
    assert "secret" not in str(problem_error)


def test_a_refusal_stays_itself():
    problem_error = ProblemError("token-needed", "send it", {"WWW-Authenticate": "Bearer"})
    assert to_problem_error(problem_error) is problem_error


def test_every_kind_has_a_status_and_no_other():
    assert set(STATUS) == set(get_args(Kind))


@given(st.sampled_from(get_args(Kind)), st.text(min_size=1))
def test_a_problem_is_a_document_that_says_the_same(kind, detail):
    problem = problem_document(ProblemError(kind, detail))
    assert Problem.model_validate_json(problem.model_dump_json()) == problem
    assert problem.type == f"urn:problem-type:colorear:{kind}"
    assert problem.type in Problem.model_json_schema()["properties"]["type"]["enum"]
    assert problem.title.lower() == kind.replace("-", " ")
    assert (problem.status, problem.detail) == (STATUS[kind], detail)


def test_a_refusal_without_words_says_what_its_status_means():
    assert problem_document(ProblemError("not-found", "")).detail == "Not Found"
