"""What the OpenAPI document says beyond what the routes' types do."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from colorear.inference.options import MAX_VIVIDNESS
from colorear.models.card import Card, Kind
from colorear.photo.sniffing import SUFFIXES
from colorear.server import problems
from colorear.server.api.forms import HintField
from colorear.server.api.responses import HEADERS
from colorear.server.model_cache import available_models
from colorear.server.settings import Settings
from colorear.version import __version__

__all__ = [
    "DESCRIPTION",
    "Health",
    "ModelInfo",
    "Models",
    "Suggestions",
    "file_answer",
    "form",
    "problem_responses",
    "question_form",
]

DESCRIPTION = f"""
Puts color into gray photographs, changes nothing else in the file, and tells how good it is.

Version 1 of the API, by colorear {__version__}. Fields and headers may be added to it; what is
there stays. Errors are problem details (RFC 9457) whose `detail` says what to do.
"""

_EXAMPLES: Mapping[problems.Kind, str] = {
    "malformed-request": "the form ends before its last boundary; send it again, whole",
    "token-needed": "this server wants its token; send it as the header Authorization: Bearer",
    "foreign-site": "a page of another web site sent this request; open the page of this server",
    "foreign-host": "the server does not answer for 'example.org'; use the address that it prints",
    "not-found": "there is no such job (any more); send the photograph again",
    "method-not-allowed": "PUT is not done here; GET, HEAD is",
    "upload-too-slow": "the upload had not arrived after 60 seconds; send a smaller file, or from "
    "a faster connection",
    "not-finished": "the job is not done yet; ask again in a while",
    "too-many-bytes": "the upload is larger than the 100 MB that are taken; send a smaller file",
    "too-many-pixels": "'map.png' has 30000 x 20000 pixels, but at most 200 megapixels are taken; "
    "make it smaller, or color it with the command colorear",
    "too-much-memory": "the photograph needs more than the 4096 MB of memory that one may take "
    "here; make it smaller, or color it with the command colorear",
    "not-a-photograph": "'page.html' is not an image, but a JPEG, PNG, TIFF or WebP photograph is "
    "needed; convert it, or choose another file",
    "wrong-field": "there is no network called 'acuarella' here; name one of: acuarela",
    "too-many-of-yours": "16 of your photographs are waiting or being colored, and one client may "
    "have 16; wait for some of them",
    "server-error": "something went wrong in the server, whose log tells what; try another "
    "photograph, and tell whoever runs the server",
    "queue-full": "64 photographs are waiting, and there is room for 64; try again in 40 seconds",
    "stopping": "the server is being stopped, and takes no photographs; try again later",
    "not-ready": "no process is there yet that could color; try again in a while",
    "took-too-long": "the photograph took longer than the 120 seconds that one may take here; make "
    "it smaller, or color it with the command colorear",
}


class Health(BaseModel):
    """That it is well."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"status": "ok"}]})

    status: str


class ModelInfo(BaseModel):
    """A network, as its card tells."""

    name: str
    version: str
    kind: Kind
    sha256: str
    parameters: int | None = Field(description="None where nobody has counted them.")
    bytes: int
    hints: bool = Field(description="Whether it can be told colors.")
    license: str
    trained_on: str
    good_at: str
    weak_at: str
    scores: dict[str, dict[str, float]] = Field(description="Data set -> metric -> value.")

    @classmethod
    def of(cls, card: Card) -> "ModelInfo":
        """What the card says."""
        return cls.model_validate({name: getattr(card, name) for name in cls.model_fields})


class Models(BaseModel):
    """The networks that can be named in a request."""

    default: str = Field(description="The one that is used where none is named.")
    models: list[ModelInfo]


class Suggestions(BaseModel):
    """What is likely at a place."""

    model: str = Field(description="The network that was asked.")
    colors: list[str] = Field(
        description="Up to six `#rrggbb` that exist at the lightness of the place, the likeliest "
        "first; no two are much alike."
    )


def problem_responses(*kinds: problems.Kind) -> dict[int | str, dict[str, Any]]:
    """The responses for these problems."""
    told: dict[int | str, dict[str, Any]] = {}
    for kind in kinds:
        status = problems.STATUS[kind]
        example = problems.problem_document(
            problems.ProblemError(kind, _EXAMPLES[kind])
        ).model_dump()
        content = {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": {}}
        response = told.setdefault(
            status,
            {
                "description": HTTPStatus(status).phrase,
                "content": {problems.MEDIA_TYPE: content},
            },
        )
        response["content"][problems.MEDIA_TYPE]["examples"][kind] = {"value": example}
        headers = {429: "Retry-After", 503: "Retry-After", 401: "WWW-Authenticate"}
        if status in headers:
            response["headers"] = {headers[status]: {"schema": {"type": "string"}}}
    return told


def file_answer(description: str) -> dict[int | str, dict[str, Any]]:
    """The response that is a colored file."""
    binary = {"schema": {"type": "string", "format": "binary"}}
    types = [f"image/{form}" for form in SUFFIXES] + ["application/zip"]
    headers = {
        name: {"description": text, "schema": {"type": "string"}} for name, text in HEADERS.items()
    }
    content = dict.fromkeys(types, binary)
    return {200: {"description": description, "content": content, "headers": headers}}


def form(settings: Settings) -> dict[str, Any]:
    """The request body of `POST /v1/colorize`."""
    properties = _common_fields(settings) | {
        "vividness": _or_empty(
            {"type": "number", "minimum": 0, "maximum": MAX_VIVIDNESS},
            "0 is gray, 1 as in life, more is stronger.",
            1,
        ),
        "variants": _or_empty(
            {"type": "integer", "minimum": 1, "maximum": settings.variants},
            "How many different ones; more than one come as a zip.",
            1,
        ),
        "uncertainty": _or_empty(
            {"type": "string", "enum": ["true", "false"]},
            "Whether a picture of how unsure the colors are, `<stem>-uncertainty.png`, comes too; "
            "then it is a zip. Black is sure; each CIELAB unit takes five of 255 levels.",
            "false",
        ),
    }
    return _multipart(properties, "photograph")


def question_form(settings: Settings) -> dict[str, Any]:
    """The request body of `POST /v1/suggestions`."""
    fraction = {"type": "number", "minimum": 0, "maximum": 1}
    x = fraction | {"description": "From the left; a fraction of the width, seen upright."}
    y = fraction | {"description": "From the top; a fraction of the height, seen upright."}
    return _multipart(_common_fields(settings) | {"x": x, "y": y}, "photograph", "x", "y")


def _common_fields(settings: Settings) -> dict[str, Any]:
    """A photograph, what is known of it, and the network."""
    hints = TypeAdapter(list[HintField]).json_schema()
    (hint,) = hints.pop("$defs").values()
    return {
        "photograph": {
            "type": "string",
            "format": "binary",
            "description": f"JPEG, PNG, TIFF or WebP; up to {settings.upload_megabytes:g} MB with "
            f"the other fields, up to {settings.megapixels:g} megapixels.",
        },
        "hints": hints
        | {
            "items": hint,
            "maxItems": settings.hints,
            "description": "What is known of the colors: a list as in a hints file.",
            "examples": [[{"x": 0.31, "y": 0.62, "color": "#8a2b2b", "radius": 0.01}]],
        },
        "model": _or_empty(
            {"type": "string", "enum": list(available_models())},
            "A network of `/v1/models`.",
            settings.model,
        )
        | {"x-extensible-enum": True},
    }


def _multipart(properties: Mapping[str, Any], *required: str) -> dict[str, Any]:
    schema = {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }
    encoding = {"hints": {"contentType": "application/json"}}
    content = {"multipart/form-data": {"schema": schema, "encoding": encoding}}
    return {"requestBody": {"required": True, "content": content}}


def _or_empty(schema: dict[str, Any], description: str, default: object) -> dict[str, Any]:
    """A field that may be left out, or come empty, as forms in browsers send it."""
    empty = {"type": "string", "maxLength": 0}
    return {"anyOf": [schema, empty], "default": default, "description": description}
