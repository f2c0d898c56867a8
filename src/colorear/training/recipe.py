"""A recipe: everything that decides what a training run makes, frozen and checked."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = [
    "AcuarelaSpec",
    "AugmentationSpec",
    "AutoencoderName",
    "AutoencoderSpec",
    "CardSpec",
    "DataSpec",
    "Folder",
    "Loss",
    "NetworkSpec",
    "OptimizerSpec",
    "Part",
    "Precision",
    "Recipe",
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
    every: Count = 1
    """Of every so many in that part, the first."""
    except_every: Annotated[int, Field(ge=2)] | None = None
    """All but those that the same number in `every` takes."""

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
    """The photographs to train and to validate on, relative to the command's `--data`.

    A run by shards needs neither: it holds out some photographs of each.
    """

    train: tuple[Folder, ...] = ()
    validation: tuple[Folder, ...] = ()
    whole: bool = False
    """Photographs are used whole, stretched to a square, and never cropped nor flipped."""
    shorter_side: Annotated[int, Field(ge=32, le=1024)] = 160
    """Photographs are decoded to this size, in pixels; crops are cut from that."""
    crop: Annotated[tuple[Side, ...], Field(min_length=1)] = (128,)
    """Side of the network's input in pixels. Several share the epochs equally, in this order."""
    mix_sizes: bool = False
    """The sides in `crop` take turns from one batch to the next instead."""
    min_crop: Annotated[float, Field(gt=0, le=1)] = 0.6
    """A crop's side is at least this part of the shorter side; it is then resized to `crop`."""
    validation_size: Side = 160

    @model_validator(mode="after")
    def _names_differ(self) -> "DataSpec":
        names = [folder.name for folder in self.validation]
        if len(set(names)) < len(names):
            raise ValueError(f"validation folders need different names, these are {names}")
        if self.whole and len(self.crop) > 1:
            raise ValueError("whole photographs are used at one size; give one number in crop")
        return self


class AugmentationSpec(_Frozen):
    """What is done to the photographs in training; those of validation stay as they are."""

    degraded: Fraction = 0.0
    """The part of them that is shown as bad old photographs."""
    consistency: Annotated[float, Field(ge=0)] = 0.0
    """Weight of coloring a degraded photograph as its clean copy. Both are then shown."""
    hinted: Fraction = 0.0
    """The part of them for which hints are given."""
    max_hints: Count = 128
    """Most hints that a photograph is given."""
    recolored: Fraction = 0.0
    """The part of the hinted ones in which one object has another color than in life. The first
    hint is of that color: so hints are learned to hold for one object alone, where true colors
    are informative about their surroundings too."""

    @model_validator(mode="after")
    def _consistency_has_degraded(self) -> "AugmentationSpec":
        if self.consistency and not self.degraded:
            raise ValueError(
                "consistency is that of degraded photographs with clean ones: set degraded too"
            )
        return self

    @model_validator(mode="after")
    def _recolored_have_hints(self) -> "AugmentationSpec":
        if self.recolored and not self.hinted:
            raise ValueError("a network cannot guess what is recolored: set hinted too")
        return self


class AcuarelaSpec(_Frozen):
    """The network: an encoder and a decoder of these widths, coarse to fine."""

    kind: Literal["acuarela"] = "acuarela"
    encoder: Literal["efficientnet-lite0", "efficientnet-lite2"] = "efficientnet-lite0"
    start: str = "imagenet"
    """The first weights: "random"; "imagenet", for the encoder; or those of a network, by its name
    or its .onnx file, that an earlier run became."""
    decoder: Annotated[tuple[Count, ...], Field(min_length=3, max_length=4)] = (128, 96, 64, 32)
    """Channels of the stages at 1/16, 1/8, 1/4 and, if there are four, 1/2 of the input's size."""
    context_layers: Annotated[int, Field(ge=0, le=8)] = 0
    """Transformer layers over the whole picture, at 1/32 of its size; without them there is no
    other context than that of convolutions."""
    hints_in_encoder: bool = False
    """Whether hints are seen with the picture, by the encoder's first layer."""
    hints_propagated: bool = False
    """Whether what a hint differs by from the network's own color spreads to what is like it."""
    only_hints: bool = False
    """Only the propagation of hints is trained: without hints the network stays as it starts."""
    int8: bool = False
    """Whether it computes in 8-bit integers, where most of its time goes, and learns to."""
    distilled: bool = False
    """Whether it learns to predict what the network in `start` does, instead of the truth (G.
    Hinton, O. Vinyals and J. Dean, Distilling the Knowledge in a Neural Network, 2015,
    arXiv:1503.02531)."""
    uncertainty: Fraction = 0.0
    """Weight of learning how far off each color is; at 0 it has no such output."""
    likelihood: Fraction = 0.0
    """Weight of learning how likely each ab bin is, at 1/8 of the input's size; at 0 it has no such
    output."""

    @model_validator(mode="after")
    def _has_weights_to_keep(self) -> "AcuarelaSpec":
        if self.only_hints and not (self.hints_propagated and self.folded):
            raise ValueError(
                "only_hints keeps all else of the network that is named in start: "
                "set hints_propagated, and start from an exported network"
            )
        return self

    @model_validator(mode="after")
    def _has_weights_to_start_from(self) -> "AcuarelaSpec":
        if (self.int8 or self.distilled) and not self.folded:
            raise ValueError(
                "int8 and distilled are for networks that start from a trained one: "
                "start from an exported one"
            )
        return self

    @property
    def hints(self) -> bool:
        """Whether it takes hints."""
        return self.hints_in_encoder or self.hints_propagated

    @property
    def folded(self) -> bool:
        """Whether it starts from a network whose batch normalisation is part of its weights."""
        return self.start not in ("random", "imagenet")


class AutoencoderSpec(_Frozen):
    """One of the four networks of the slides."""

    kind: Literal["autoencoder"] = "autoencoder"
    name: AutoencoderName
    start: Literal["random", "gray-copy"] = "random"
    """The first weights: Keras's, or such that the gray photograph comes out as it went in (the
    deep network without skips: its lower frequencies), so that only color is left to be learned."""


NetworkSpec = Annotated[AcuarelaSpec | AutoencoderSpec, Field(discriminator="kind")]


class OptimizerSpec(_Frozen):
    """AdamW (which is Adam where `weight_decay` is 0), at a constant rate or a one-cycle one."""

    learning_rate: Annotated[float, Field(gt=0, lt=1)] = 1e-3
    """The rate, or the peak of the cycle."""
    schedule: Literal["one-cycle", "constant"] = "one-cycle"
    warmup: Fraction = 0.15
    """Part of a cycle's steps before its peak."""
    warmup_steps: Annotated[int, Field(ge=0)] = 300
    """Steps before the peak in a run by minutes, whose number of steps nobody knows before."""
    encoder_factor: Fraction = 1.0
    """The encoder's rate over the others': a pretrained one needs less."""
    propagation_factor: Annotated[float, Field(gt=0)] = 1.0
    """The rate of the hint propagation over the others': it has few weights, which get gradients
    from few places."""
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

    license: str
    trained_on: str = ""
    """What the photographs show and what was done to them; how many there are follows from those
    that were read."""
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
    optimizer: OptimizerSpec = OptimizerSpec()
    augmentation: AugmentationSpec = AugmentationSpec()
    loss: Loss = "squared"
    epochs: Count = 5
    batch_size: Count = 32
    ema_decay: Annotated[float, Field(ge=0, lt=1)] = 0.998
    """Decay of the exponential moving average of the weights, which is what is validated and
    exported; at 0 it is the weights themselves."""
    recalibration: Annotated[int, Field(ge=0)] = 0
    """Training photographs by which the statistics of batch normalization are measured anew for the
    averaged weights, before these are validated (P. Izmailov et al., Averaging Weights Leads to
    Wider Optima, UAI 2018, section 3.2, arXiv:1803.05407); at 0 they are averaged like weights."""
    keep: Literal["last", "best"] = "last"
    """Which weights a run ends with: those of its last step, or of the epoch whose loss on the
    validation folders was the lowest."""
    precision: Precision = "float32"
    eight_bit: tuple[str, ...] = ()
    """Parts of the network, as `context` or `decoder`, whose weights the exported file keeps in 8
    bits, with a scale for each output channel, instead of in half precision; it computes as
    before."""
    checkpoint_minutes: Annotated[float, Field(gt=0)] = 4.0
    seed: int = 1

    @model_validator(mode="after")
    def _hints_are_trained(self) -> "Recipe":
        takes_hints = isinstance(self.network, AcuarelaSpec) and self.network.hints
        if takes_hints != (self.augmentation.hinted > 0):
            raise ValueError(
                "a network that takes hints is trained with hints, and no other is: set both "
                "hints_in_encoder or hints_propagated, and augmentation.hinted, or neither"
            )
        return self
