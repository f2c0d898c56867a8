"""The API for people: all that the OpenAPI document says, and nothing that a browser would run."""

import re
from html.parser import HTMLParser

from colorear.server.api.reference import reference_page


class Tags(HTMLParser):
    """Every tag with its attributes, and all text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


def test_it_tells_every_route_field_and_error_under_the_strict_policy(serve):
    with serve().client() as client:
        answer = client.get("/docs")
        document = client.get("/v1/openapi.json").json()
        style = client.get("/docs/reference.css")
    assert answer.headers["content-type"].startswith("text/html")
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert style.headers["content-type"].startswith("text/css")
    page = Tags(answer.text)
    for path, ways in document["paths"].items():
        for method in ways:
            assert f"{method.upper()} {path}" in page.text
    form = document["paths"]["/v1/colorize"]["post"]["requestBody"]["content"]
    for name, about in form["multipart/form-data"]["schema"]["properties"].items():
        assert name in page.text
        assert about["description"].replace("`", "") in page.text
    assert "there is no network called 'acuarella' here" in page.text

    names = {name for name, _ in page.tags}
    assert "script" not in names
    for _, attributes in page.tags:
        assert not [name for name in attributes if name == "style" or name.startswith("on")]
    links = [about["href"] for name, about in page.tags if name in ("a", "link")]
    targets = {about["id"] for name, about in page.tags if name == "section"}
    assert {link[1:] for link in links if link.startswith("#")} == targets
    assert {link for link in links if link[0] != "#"} == {
        "data:,",
        "docs/reference.css",
        "v1/openapi.json",
    }


def test_what_a_network_is_called_cannot_become_markup():
    fields = {"model": {"type": "string", "enum": ["<b onclick=x>"], "description": "<i>&"}}
    form = {"multipart/form-data": {"schema": {"properties": fields}}}
    operation = {"requestBody": {"content": form}, "responses": {}, "description": "a `<u>`"}
    document = {"info": {"title": "<s>", "description": ""}, "paths": {"/a": {"post": operation}}}
    page = reference_page(document)
    assert not re.search(r"<(b|i|u|s)[ >]", page)
