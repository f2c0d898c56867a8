"""Parsers of what strangers send: they take it, or refuse it in a sentence, within bounds.

A few dozen cases each in `make test`, many more in `make fuzz`.
"""

import functools
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzz.limits import TooMuchError, bounded
from fuzz.parsers import PARSERS, Parser

BOUNDARY_VALUES = [b"\0", b"\xff", b"\x7f\xff", b"\xff\xff", b"\0\0\0\0", b"\xff" * 4, b"\xff" * 8]
MOST = 20_000  # bytes of what is tried

TESTS = Path(__file__).parents[1]
KEPT = Path(tempfile.gettempdir(), f"fuzz-{os.getpid()}")

# Hypothesis shows the case that failed; this warning, an error in tests, would take its place
pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")


@functools.cache
def mutated(name: str) -> st.SearchStrategy[bytes]:
    """Content that the parser takes, changed in a few places, or anything at all."""
    seeds = PARSERS[name].seeds()
    changes = st.lists(
        st.tuples(
            st.floats(0, 1),
            st.sampled_from(["replace", "insert", "cut", "repeat", "splice", "end"]),
            st.integers(1, 64),
            st.one_of(st.binary(max_size=12), st.sampled_from(BOUNDARY_VALUES)),
        ),
        min_size=1,
        max_size=5,
    )
    changed = st.builds(change, st.sampled_from(seeds), changes, st.sampled_from(seeds))
    return st.one_of(changed, changed, changed, st.binary(max_size=200))


def change(content: bytes, changes: list[tuple[float, str, int, bytes]], other: bytes) -> bytes:
    for place, how, size, new in changes:
        at = int(place * len(content))
        match how:
            case "replace":
                content = content[:at] + new + content[at + len(new) :]
            case "insert":
                content = content[:at] + new + content[at:]
            case "cut":
                content = content[:at] + content[at + size :]
            case "repeat":
                content = content[:at] + content[at : at + size] * (size + 1) + content[at + size :]
            case "splice":
                content = content[:at] + other[int(place * len(other)) :]
            case "end":
                content = content[:at]
    return content[:MOST]


def tried(parser: Parser, content: bytes) -> str:
    """What became of it: taken or refused."""
    with bounded():
        try:
            parser.take(content)
        except parser.refusal as error:
            said = str(error)
            assert said
            assert "\n" not in said
            assert len(said) < 2_000
            return "refused"
        except Exception as error:
            KEPT.write_bytes(content)  # the last one is the smallest that Hypothesis found
            error.add_note(f"The case is in {KEPT}.")
            raise
    return "taken"


@pytest.mark.parametrize("name", PARSERS)
def test_what_it_is_for_is_taken(name):
    parser = PARSERS[name]
    assert "taken" in {tried(parser, content) for content in parser.seeds()}


@pytest.mark.parametrize("name", PARSERS)
def test_anything_is_taken_or_refused(name, how_many, record_property):
    parser = PARSERS[name]
    counts = {"taken": 0, "refused": 0}

    @settings(
        max_examples=how_many(20 if parser.is_costly else 60, 300 if parser.is_costly else 3_000),
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(content=mutated(name))
    def cases(content: bytes) -> None:
        counts[tried(parser, content)] += 1

    cases()
    for outcome, count in counts.items():
        record_property(f"{name}: {outcome}", count)


def spinning() -> None:
    while True:
        pass


def test_a_case_that_never_ends_is_found():
    with pytest.raises(TooMuchError, match="time"), bounded(seconds=0.1):
        spinning()


def test_a_case_that_takes_much_memory_is_found():
    with pytest.raises(TooMuchError, match="of memory"), bounded(megabytes=20):
        assert len(b"\1" * 60_000_000) == 60_000_000


def test_memory_that_was_freed_before_hides_nothing():
    """Training in this process may have told the C library to keep what is freed."""
    check = """if True:
        from colorear.training.memory import keep_freed_memory
        from fuzz.limits import TooMuchError, bounded

        keep_freed_memory()
        kept = [b"\\1" * 60_000_000 for _ in range(3)]
        del kept
        try:
            with bounded(megabytes=20):
                b"\\1" * 60_000_000
        except TooMuchError:
            raise SystemExit(0)
        raise SystemExit(1)
    """
    assert subprocess.run([sys.executable, "-c", check], cwd=TESTS, check=False).returncode == 0
