"""The API for people: a page made of the OpenAPI document, without any script."""

import re
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse

__all__ = ["reference", "reference_page"]

_STYLE = Path(__file__).parent / "reference.css"
_CODE = re.compile(r"`([^`]+)`")

Json = Mapping[str, Any]

reference = APIRouter(include_in_schema=False)


@reference.get("/docs")
async def docs(request: Request) -> HTMLResponse:
    """The page."""
    return HTMLResponse(reference_page(request.app.openapi()))


@reference.get("/docs/reference.css")
async def style() -> FileResponse:
    """How it looks."""
    return FileResponse(_STYLE, media_type="text/css", headers={"Cache-Control": "no-cache"})


def reference_page(document: Json) -> str:
    """An OpenAPI document as an HTML page: what can be asked, with what, and what is answered."""
    operations = [
        (method.upper(), path, operation)
        for path, ways in document["paths"].items()
        for method, operation in ways.items()
    ]
    title = escape(document["info"]["title"])
    links = "".join(
        f'<li><a href="#{_anchor(method, path)}"><code>{method} {escape(path)}</code></a></li>'
        for method, path, _ in operations
    )
    body = "".join(_operation(*operation) for operation in operations)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        '<link rel="icon" href="data:,"><link rel="stylesheet" href="docs/reference.css"></head>'
        f"<body><main><h1>{title}: the API</h1>{_paragraphs(document['info']['description'])}"
        '<p>For programs: <a href="v1/openapi.json">the OpenAPI document</a>.</p>'
        f"<nav><ul>{links}</ul></nav>{body}</main></body></html>"
    )


def _operation(method: str, path: str, operation: Json) -> str:
    form = operation.get("requestBody", {}).get("content", {}).get("multipart/form-data")
    parts = [
        f'<section id="{_anchor(method, path)}"><h2><code>{method} {escape(path)}</code></h2>',
        _paragraphs(operation.get("description", operation.get("summary", ""))),
        _table("Parameters", ("name", "", ""), _parameters(operation.get("parameters", ()))),
        _table("Form", ("field", "", ""), _fields(form["schema"]) if form else ()),
        _table("Answers", ("status", "", "headers"), _answers(operation["responses"])),
        "</section>",
    ]
    return "".join(parts)


def _parameters(parameters: Any) -> Iterator[tuple[str, str, str]]:
    for one in parameters:
        yield _code(one["name"]), f"in the {one['in']}", _text(one.get("description", ""))


def _fields(schema: Json) -> Iterator[tuple[str, str, str]]:
    for name, about in schema["properties"].items():
        kinds = about.get("anyOf", [about])
        kind = _kind(kinds[0])
        if name in schema.get("required", ()):
            kind += "; needed"
        elif "default" in about:
            kind += f"; {_code(about['default'])} if left out"
        yield _code(name), kind, _text(about.get("description", ""))


def _kind(schema: Json) -> str:
    if "enum" in schema:
        return " or ".join(_code(value) for value in schema["enum"])
    if schema.get("format") == "binary":
        return "a file"
    limits = [f"{schema[end]:g}" for end in ("minimum", "maximum") if end in schema]
    return escape(schema["type"]) + (f" {' to '.join(limits)}" if limits else "")


def _answers(responses: Json) -> Iterator[tuple[str, str, str]]:
    for status, response in responses.items():
        examples = [
            _text(example["value"]["detail"])
            for content in response.get("content", {}).values()
            for example in content.get("examples", {}).values()
        ]
        told = "".join(f"<li>{example}</li>" for example in examples)
        headers = ", ".join(_code(name) for name in response.get("headers", ()))
        listed = f"<ul>{told}</ul>" if told else ""
        yield escape(status), _text(response["description"]) + listed, headers


def _table(caption: str, heads: tuple[str, ...], rows: Any) -> str:
    body = "".join(
        "<tr>" + f'<th scope="row">{first}</th>' + "".join(f"<td>{cell}</td>" for cell in rest)
        for first, *rest in rows
    )
    if not body:
        return ""
    head = "".join(f'<th scope="col">{text}</th>' if text else "<td></td>" for text in heads)
    return f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead>{body}</table>"


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{_text(part)}</p>" for part in text.strip().split("\n\n"))


def _text(text: str) -> str:
    return _CODE.sub(r"<code>\1</code>", escape(text))


def _code(value: object) -> str:
    return f"<code>{escape(str(value))}</code>"


def _anchor(method: str, path: str) -> str:
    return escape(f"{method.lower()}{path}".strip("/").replace("/", "-"))
