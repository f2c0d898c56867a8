"""A recipe: everything that decides what a training run makes, frozen and checked."""

import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from colorear.errors import RecipeError

__all__ = [
    "AcuarelaSpec",
    "AutoencoderName",
    "AutoencoderSpec",
    "CardSpec",
    "DataSpec",
    "Folder",
    "LessonSpec",
    "Loss",
    "NetworkSpec",
    "OptimiserSpec",
    "Part",
    "Precision",
    "Recipe",
    "read_recipe",
]

Fraction = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1)]
Side = Annotated[int, Field(ge=32, le=1024, multiple_of=32)]
"""Pixels; no network here halves a picture more than five times."""

AutoencoderName = Literal["plain-shallow", "plain-deep", "skip-shallow", "skip-deep"]
Loss = Literal["absolute", "squared", "smooth-l1"]
Precision = Literal["float32", "bfloat16"]
Part = Literal["train", "validate", "test"]
"""Of a prepared data set."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Folder(_Frozen):
    """A folder of colour photographs, in natural order of names, or the part [start:stop] of it."""

    folder: str
    part: Part | None = None
    """The part that the slides' protocol makes of it, instead of start and stop: what the manifest
    of a prepared data set has written down."""
    start: Annotated[int, Field(ge=0)] = 0
    stop: Count | None = None
    one_of: Count = 1
    """Of so many in that part, the first one, and so on."""
    but_one_of: Annotated[int, Field(ge=2)] | None = None
    """All but those that the same number in `one_of` takes."""

    @model_validator(mode="after")
    def _one_way_to_cut(self) -> "Folder":
        if self.part and (self.start or self.stop):
            raise ValueError("a folder is cut by part or by start and stop; give one of them")
        return self

    @property
    def name(self) -> str:
        """The folder's own name, by which scores are listed."""
        return Path(self.folder).name or "photographs"


class DataSpec(_Frozen):
    """What is learnt from and what is judged on, relative to the command's `--data`."""

    train: Annotated[tuple[Folder, ...], Field(min_length=1)]
    validate_on: Annotated[tuple[Folder, ...], Field(min_length=1)]
    whole: bool = False
    """Photographs are seen whole, stretched to a square, and never cut nor flipped."""
    shorter_side: Annotated[int, Field(ge=32, le=1024)] = 160
    """Photographs are kept at this size, in pixels; crops are cut from that."""
    crop: Annotated[tuple[Side, ...], Field(min_length=1)] = (128,)
    """Side of the square that the network sees. Several share the epochs equally, in this order."""
    mixed: bool = False
    """The sides in `crop` take turns from one batch to the next instead."""
    smallest_cut: Annotated[float, Field(gt=0, le=1)] = 0.6
    """A cut's side is at least this part of the shorter side; it is then resized to `crop`."""
    validation_size: Side = 160

    @model_validator(mode="after")
    def _names_differ(self) -> "DataSpec":
        names = [folder.name for folder in self.validate_on]
        if len(set(names)) < len(names):
            raise ValueError(f"validation folders need different names, these are {names}")
        if self.whole and len(self.crop) > 1:
            raise ValueError("whole photographs are seen at one size; give one number in crop")
        return self


class LessonSpec(_Frozen):
    """What is done to the photographs that are learnt from; those that judge stay as they are."""

    aged: Fraction = 0.0
    """So many of them are shown as bad old photographs."""
    agreement: Annotated[float, Field(ge=0)] = 0.0
    """Weight of colouring these and the same photographs as they are alike. Both are then shown."""
    hinted: Fraction = 0.0
    """Of so many of them some colours are told."""
    most_hints: Count = 128
    recoloured: Fraction = 0.0
    """In so many of these one thing has another colour than in life, of which the first hint tells:
    that it belongs to that thing alone, where true colours tell of their surroundings too."""

    @model_validator(mode="after")
    def _some_can_agree(self) -> "LessonSpec":
        if self.agreement and not self.aged:
            raise ValueError("agreement is that of aged photographs with good ones: set aged too")
        return self

    @model_validator(mode="after")
    def _the_new_colour_is_told(self) -> "LessonSpec":
        if self.recoloured and not self.hinted:
            raise ValueError("nobody can guess what is recoloured: set hinted too")
        return self


class AcuarelaSpec(_Frozen):
    """The network: an encoder and a decoder of these widths, coarse to fine."""

    kind: Literal["acuarela"] = "acuarela"
    encoder: Literal["efficientnet-lite0"] = "efficientnet-lite0"
    start: str = "imagenet"
    """The first weights: "random"; "imagenet", for the encoder; or those of a network, by its name
    or its .onnx file, that an earlier run became."""
    decoder: Annotated[tuple[Count, ...], Field(min_length=3, max_length=4)] = (128, 96, 64, 32)
    """Channels of the stages at 1/16, 1/8, 1/4 and, if there are four, 1/2 of the input's size."""
    hints: bool = False
    """Whether it can be told what is known."""
    only_hints: bool = False
    """All that it learns is to spread what is told: without hints it stays what it starts as."""
    int8: bool = False
    """Whether it computes in 8-bit integers, where most of its time goes, and learns to."""
    distilled: bool = False
    """Whether it learns to answer as the network in `start` does, instead of the truth (G. Hinton,
    O. Vinyals and J. Dean, Distilling the Knowledge in a Neural Network, 2015)."""
    uncertainty: Fraction = 0.0
    """Weight of learning how far off each colour is; at 0 it does not tell."""
    likelihood: Fraction = 0.0
    """Weight of learning how likely each colour is, at 1/8 of the input's size; at 0 it does not
    tell."""

    @model_validator(mode="after")
    def _has_something_to_keep(self) -> "AcuarelaSpec":
        if self.only_hints and not (self.hints and self.folded):
            raise ValueError(
                "only_hints keeps all else of the network that is named in start: "
                "set hints, and start from an exported network"
            )
        return self

    @model_validator(mode="after")
    def _has_something_to_go_on_from(self) -> "AcuarelaSpec":
        if (self.int8 or self.distilled) and not self.folded:
            raise ValueError(
                "int8 and distilled are for what goes on from a trained network: "
                "start from an exported one"
            )
        return self

    @property
    def folded(self) -> bool:
        """Whether it starts from a network whose batch normalisation is part of its weights."""
        return self.start not in ("random", "imagenet")


class AutoencoderSpec(_Frozen):
    """One of the four networks of the slides."""

    kind: Literal["autoencoder"] = "autoencoder"
    name: AutoencoderName
    start: Literal["random", "grey-copy"] = "random"
    """The first weights: Keras's, or such that the grey photograph comes out as it went in (the
    deep network without skips: its lower frequencies), so that only colour is to be learnt."""


NetworkSpec = Annotated[AcuarelaSpec | AutoencoderSpec, Field(discriminator="kind")]


class OptimiserSpec(_Frozen):
    """AdamW (which is Adam where `weight_decay` is 0), at a constant rate or a one-cycle one."""

    learning_rate: Annotated[float, Field(gt=0, lt=1)] = 1e-3
    """The rate, or the peak of the cycle."""
    schedule: Literal["one-cycle", "constant"] = "one-cycle"
    warm_up: Fraction = 0.15
    """Part of a cycle's steps before its peak."""
    encoder_factor: Fraction = 1.0
    """The encoder learns at this part of the rate: a pretrained one needs less."""
    spreading_factor: Annotated[float, Field(gt=0)] = 1.0
    """What spreads hints learns at so many times the rate: few weights, which few places teach."""
    weight_decay: Annotated[float, Field(ge=0, lt=1)] = 0.01
    epsilon: Annotated[float, Field(gt=0, lt=1)] = 1e-8
    epsilon_on: Literal["corrected", "uncorrected"] = "corrected"
    """The second moment to whose root epsilon is added: the bias-corrected one, as in Adam's
    algorithm 1, or the other, as in its section 2 and in Keras. It matters where gradients are
    near epsilon: the slides' deep networks begin with steps 3 to 5 times smaller by the latter."""
    clip_norm: Annotated[float, Field(gt=0)] | None = None
    """The most that the norm of all gradients together may be; without it they are not clipped."""


class CardSpec(_Frozen):
    """What the network's card says that training does not decide."""

    licence: str
    trained_on: str
    size: Annotated[int, Field(ge=32, le=1024)] = 256
    """Pixels of the shorter side at which the network should see a photograph."""
    good_at: str = ""
    weak_at: str = ""


class Recipe(_Frozen):
    """One run of training."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]
    card: CardSpec
    data: DataSpec
    network: NetworkSpec
    optimiser: OptimiserSpec = OptimiserSpec()
    lesson: LessonSpec = LessonSpec()
    loss: Loss = "squared"
    epochs: Count = 5
    batch: Count = 32
    averaging: Annotated[float, Field(ge=0, lt=1)] = 0.998
    """Decay of the moving average of the weights, which is what is judged and exported; at 0 it is
    the weights themselves."""
    recalibration: Annotated[int, Field(ge=0)] = 0
    """So many training photographs are shown to the averaged weights before they are judged, to
    measure anew what their batch normalisation expects (P. Izmailov et al., Averaging Weights Leads
    to Wider Optima, UAI 2018, section 3.2); at 0 that is averaged like the weights."""
    keep: Literal["last", "best"] = "last"
    """Which weights a run ends with: those of its last step, or of the epoch whose loss on the
    validation folders was the lowest."""
    precision: Precision = "float32"
    checkpoint_minutes: Annotated[float, Field(gt=0)] = 4.0
    seed: int = 1

    @model_validator(mode="after")
    def _hints_are_learnt(self) -> "Recipe":
        takes_hints = isinstance(self.network, AcuarelaSpec) and self.network.hints
        if takes_hints != (self.lesson.hinted > 0):
            raise ValueError(
                "a network that takes hints learns what to do with them, and no other does: set "
                "both network.hints and lesson.hinted, or neither"
            )
        return self


def read_recipe(
    path: Path, *, epochs: int | None = None, precision: Precision | None = None
) -> Recipe:
    """Read a TOML recipe, with other `epochs` and another `precision` than it says if given.

    Raises RecipeError: not readable, not TOML, an unknown key, a value out of range.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        given = {"epochs": epochs, "precision": precision}
        table |= {key: value for key, value in given.items() if value is not None}
        return Recipe.model_validate(table)
    except OSError as error:
        raise RecipeError(f"{path}: cannot be read ({error.strerror}); give a .toml file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path}: is not TOML: {error}") from None
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc']))}: {fault['msg']} (it is {fault['input']!r})"
            for fault in error.errors()
        )
        raise RecipeError(f"{path}: {faults}") from None
