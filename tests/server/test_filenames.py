import re
from urllib.parse import unquote

from hypothesis import given
from hypothesis import strategies as st

from colorear.server.filenames import content_disposition, safe_name


@given(st.text())
def test_no_name_leads_anywhere(told):
    name = safe_name(told)
    assert name
    assert name not in (".", "..")
    assert not re.search(r"[/\\\x00-\x1f\x7f]", name)
    assert len(name) <= 130


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_disposition_is_one_safe_line_and_keeps_the_name(told):
    name = safe_name(told)
    header = content_disposition(name)
    assert re.fullmatch(r"attachment; filename=\"[ -~]*\"; filename\*=UTF-8''[!-~]*", header)
    assert unquote(header.partition("UTF-8''")[2]) == name


def test_long_names_keep_their_endings():
    assert safe_name("a" * 500 + ".jpeg").endswith("a.jpeg")
