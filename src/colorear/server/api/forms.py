"""The fields of a request besides its photograph: what is wished of the colors."""

from typing import Annotated, Literal, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from colorear.errors import HintError
from colorear.hints import Hint, Place, parse_hints
from colorear.inference.options import MAX_VIVIDNESS, ColorizeOptions
from colorear.server.problems import ProblemError
from colorear.server.settings import Settings
from colorear.server.uploads import Upload

__all__ = ["SUGGESTION_FIELDS", "HintField", "Question", "Wish", "parse_question", "parse_wish"]

SUGGESTION_FIELDS = ("x", "y", "hints", "model")
"""Those of a form that asks what is likely at a place, besides its photograph."""


T = TypeVar("T", bound=BaseModel)


class HintField(BaseModel):
    """One place of a photograph, seen upright, and the color of what is there."""

    model_config = ConfigDict(extra="forbid")

    x: Annotated[float, Field(ge=0, le=1, description="From the left; a fraction of the width.")]
    y: Annotated[float, Field(ge=0, le=1, description="From the top; a fraction of the height.")]
    color: Annotated[
        str,
        Field(
            pattern="^#[0-9a-fA-F]{6}$",
            description="`#rrggbb`; the names and short forms of CSS are taken, too.",
        ),
    ]
    radius: Annotated[
        float,
        Field(ge=0, le=1, description="Of the place; a fraction of the shorter side."),
    ] = 0.01


class _SimpleFields(BaseModel):
    model: Annotated[str, Field(min_length=1, max_length=100)]
    vividness: Annotated[float, Field(ge=0, le=MAX_VIVIDNESS, allow_inf_nan=False)] = 1
    variants: Annotated[int, Field(ge=1)] = 1
    uncertainty: Literal["true", "false"] = "false"


class _PlaceFields(BaseModel):
    model: Annotated[str, Field(min_length=1, max_length=100)]
    x: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
    y: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class Wish(NamedTuple):
    """What a client asks for."""

    options: ColorizeOptions
    uncertainty: bool
    """Whether a picture of how unsure the colors are comes, too."""


class Question(NamedTuple):
    """What a client asks about a place."""

    options: ColorizeOptions
    """The network, and what is known already."""
    place: Place


def parse_wish(upload: Upload, settings: Settings) -> Wish:
    """What an upload's fields say; an empty one counts as left out. Raises ProblemError."""
    simple = _validated(_SimpleFields, upload, settings)
    if simple.variants > settings.variants:
        raise ProblemError(
            "wrong-field",
            f"{simple.variants} variants came, but at most {settings.variants} are made at once; "
            "ask for fewer",
        )
    hints = _hints(upload, settings)
    options = ColorizeOptions(simple.model, hints, simple.vividness, simple.variants)
    return Wish(options, simple.uncertainty == "true")


def parse_question(upload: Upload, settings: Settings) -> Question:
    """What an upload's fields ask; an empty one counts as left out. Raises ProblemError."""
    simple = _validated(_PlaceFields, upload, settings)
    options = ColorizeOptions(simple.model, _hints(upload, settings))
    return Question(options, Place(simple.x, simple.y))


def _validated(fields: type[T], upload: Upload, settings: Settings) -> T:
    told = {
        name: value.decode(errors="replace")
        for name, value in upload.fields.items()
        if name != "hints" and value
    }
    try:
        return fields.model_validate({"model": settings.model} | told)
    except ValidationError as error:
        wrong = error.errors(include_url=False)[0]
        field, came = wrong["loc"][0], str(wrong["input"])[:40]
    if wrong["type"] == "missing":
        raise ProblemError(
            "wrong-field",
            f"the field {field!r} is missing; send a fraction from 0 to 1, of the width or height",
        )
    raise ProblemError(
        "wrong-field", f"the field {field!r} holds {came!r}, which it cannot: {wrong['msg']}"
    )


def _hints(upload: Upload, settings: Settings) -> tuple[Hint, ...]:
    if not upload.fields.get("hints"):
        return ()
    try:
        hints = parse_hints(upload.fields["hints"], "'hints'")
    except HintError as error:
        raise ProblemError("wrong-field", str(error)) from None
    if len(hints) > settings.hints:
        raise ProblemError(
            "wrong-field",
            f"{len(hints)} hints came, but at most {settings.hints} are taken; leave out some",
        )
    return hints
