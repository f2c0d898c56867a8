import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colorear.hints import Hint
from colorear.inference.options import MAX_VIVIDNESS, ColorizeOptions
from colorear.server.api.forms import HintField, Question, Wish, parse_question, parse_wish
from colorear.server.problems import ProblemError, problem_document
from colorear.server.settings import Settings
from colorear.server.uploads import Upload

SETTINGS = Settings(model="able", hints=20, variants=6)
HINT = {"x": 0.3, "y": 0.5, "color": "firebrick"}
FRACTION = st.floats(0, 1)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda some: st.lists(some) | st.dictionaries(st.sampled_from([*HINT, "radius", "z"]), some),
)


def options(**fields: str | bytes) -> ColorizeOptions:
    sent = {name: v.encode() if isinstance(v, str) else v for name, v in fields.items()}
    return parse_wish(Upload(Path("photograph"), "old.jpg", sent), SETTINGS).options


def test_who_wishes_nothing_gets_the_servers_network_and_the_colors_of_life():
    assert options() == options(hints="") == ColorizeOptions("able", (), vividness=1, variants=1)


def test_empty_fields_count_as_left_out():
    empty = dict.fromkeys(("model", "vividness", "variants", "uncertainty", "hints"), b"")
    upload = Upload(Path("photograph"), "old.jpg", empty)
    assert parse_wish(upload, SETTINGS) == Wish(options(), uncertainty=False)


def test_all_that_can_be_wished():
    told = options(model="acuarela", vividness="0.5", variants="6", hints=json.dumps([HINT] * 2))
    assert told == ColorizeOptions("acuarela", (Hint(0.3, 0.5, "firebrick"),) * 2, 0.5, 6)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"uncertainty": "perhaps"}, "the field 'uncertainty' holds 'perhaps'"),
        ({"model": "m" * 101}, "at most 100 characters"),
        ({"vividness": "loud"}, "the field 'vividness' holds 'loud'"),
        ({"vividness": "nan"}, "the field 'vividness' holds 'nan'"),
        ({"vividness": "3.1"}, "less than or equal to 3"),
        ({"vividness": "9" * 1000}, f"holds '{'9' * 40}', which"),
        ({"variants": "0"}, "the field 'variants' holds '0'"),
        ({"variants": "7"}, "at most 6 are made at once"),
        ({"variants": b"\xff"}, "the field 'variants' holds '\N{REPLACEMENT CHARACTER}'"),
        ({"hints": "{}"}, "'hints' holds no hints"),
        ({"hints": "[" * 5000}, "'hints' holds no hints"),
        ({"hints": json.dumps([HINT | {"x": 3}])}, "lies outside the photograph"),
        ({"hints": json.dumps([HINT | {"color": "brickfire"}])}, "no color that CSS knows"),
        ({"hints": json.dumps([HINT] * 21)}, "21 hints came, but at most 20"),
    ],
)
def test_wrong_fields_are_told(fields, said):
    with pytest.raises(ProblemError) as told:
        options(**fields)
    assert told.value.kind == "wrong-field"
    assert said in str(told.value)


def question(**fields: bytes) -> Question:
    return parse_question(Upload(Path("photograph"), "old.jpg", fields), SETTINGS)


def test_a_question_is_about_a_place_and_empty_fields_count_as_left_out():
    assert question(x=b"0.25", y=b"1") == Question(options(), (0.25, 1))
    assert question(x=b"0.25", y=b"1", model=b"", hints=b"") == Question(options(), (0.25, 1))
    known = json.dumps([HINT]).encode()
    asked = question(x=b"0", y=b"0", model=b"acuarela", hints=known)
    wanted = ColorizeOptions("acuarela", (Hint(0.3, 0.5, "firebrick"),))
    assert asked == Question(wanted, (0, 0))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "the field 'x' is missing; send a fraction from 0 to 1"),
        ({"x": b"0.5"}, "the field 'y' is missing"),
        ({"x": b"0.5", "y": b""}, "the field 'y' is missing"),
        ({"x": b"1.5", "y": b"0"}, "the field 'x' holds '1.5'"),
        ({"x": b"0", "y": b"nan"}, "the field 'y' holds 'nan'"),
    ],
)
def test_wrong_places_are_told(fields, said):
    with pytest.raises(ProblemError) as told:
        question(**fields)
    assert told.value.kind == "wrong-field"
    assert said in str(told.value)


@given(st.floats())
def test_vividness_is_taken_from_gray_to_the_strongest(vividness):
    if 0 <= vividness <= MAX_VIVIDNESS:
        assert options(vividness=str(vividness)).vividness == vividness
    else:
        with pytest.raises(ProblemError, match="'vividness'"):
            options(vividness=str(vividness))


@given(
    st.lists(
        st.builds(
            HintField,
            x=FRACTION,
            y=FRACTION,
            color=st.from_regex("#[0-9a-fA-F]{6}", fullmatch=True),
            radius=FRACTION,
        ),
        max_size=4,
    )
)
def test_hints_that_the_document_describes_are_taken_as_they_are(told):
    sent = json.dumps([hint.model_dump() for hint in told])
    assert options(hints=sent).hints == tuple(Hint(**hint.model_dump()) for hint in told)


@given(
    st.fixed_dictionaries(
        {},
        optional=dict.fromkeys(("model", "vividness", "variants"), st.binary() | st.text())
        | {"hints": st.binary() | ANYTHING.map(json.dumps)},
    )
)
def test_whatever_comes_is_taken_or_told_to_be_wrong(fields):
    try:
        told = options(**fields)
    except ProblemError as problem_error:
        told = problem_document(problem_error)
    if isinstance(told, ColorizeOptions):
        assert told.model
        assert 1 <= told.variants <= SETTINGS.variants
        assert 0 <= told.vividness <= MAX_VIVIDNESS
    else:
        assert told.type.endswith(":wrong-field")
        assert told.model_dump_json()
