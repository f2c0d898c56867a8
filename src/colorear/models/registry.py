"""What can be loaded: the networks that come with colorear, those the user added, and any file.

A network is two files of one folder: `<name>.onnx`, and its card `<name>.json`. What was learned
later about one may lie in a third, `negatives-<SHA-256>.pb`: see `_addition`. Of networks that
are too large for the package, only the card is there: the other file is looked for among the
networks that the user added, and in the folder `networks` of a checkout.
"""

import difflib
import hashlib
import importlib.util
import os
import re
from pathlib import Path
from typing import get_args

import msgspec
import numpy as np
import platformdirs

from colorear.errors import ModelError
from colorear.models.adapters import ADAPTERS, check_range
from colorear.models.card import UNKNOWN, Card, Kind, read_card
from colorear.models.contract import takes_hints
from colorear.models.interface import Question, ask, check_interface, fixed_size
from colorear.models.network import Network
from colorear.models.onnx_session import Session
from colorear.models.trial import try_out
from colorear.models.writing import name_taken, write_new

__all__ = [
    "add",
    "added_folder",
    "card",
    "cards",
    "examine",
    "is_file",
    "is_here",
    "load",
    "names",
    "packed",
    "remove",
]

BUNDLED = Path(__file__).parent
CHECKOUT = BUNDLED.parents[2] / "networks"
RESERVED = {"gray", "mean-color", "opposite-hues"}  # rows of comparisons that no network makes
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_CONTRACT_SIZE = 256
_CONTRACT_MULTIPLE = 32  # five halvings, the most that is usual


def added_folder() -> Path:
    """Where the networks that the user added lie: COLOREAR_MODELS, or the user's data folder."""
    chosen = os.environ.get("COLOREAR_MODELS")
    return Path(chosen) if chosen else platformdirs.user_data_path("colorear") / "models"


def names() -> list[str]:
    """Of every network that `load` knows, whether or not its card can be read."""
    return list(_card_files())


def cards() -> dict[str, Card]:
    """Every network that `load` knows by name. Raises ModelError if a card is damaged."""
    return {name: read_card(path) for name, path in _card_files().items()}


def card(name: str) -> Card:
    """The card of one network. Raises ModelError if there is none, or it is damaged."""
    return read_card(_card_file(name))


def is_here(name: str) -> bool:
    """Whether the file that the card of this network describes is there. Raises ModelError."""
    return any(path.exists() for path in _places(_card_file(name)))


def is_file(name_or_path: str | Path) -> bool:
    """Whether that means a file, not the name of a network."""
    return isinstance(name_or_path, Path) or name_or_path.lower().endswith(".onnx")


def load(name_or_path: str | Path, *, threads: int | None = None) -> Network:
    """The network of that name, or in that .onnx file, which must then keep the contract.

    A file is taken by the card beside it, if there is one. `threads` limits the cores it uses;
    None leaves that to ONNX Runtime. Raises ModelError if it is unknown, cannot be run, or is not
    the file that its card describes.
    """
    name, model, about = _found(name_or_path)
    model += _addition(about)  # not a second copy of it, which would lie beside the session
    session = Session(name, model, threads=threads)
    return Network(about or _described(session, model, Path(name).stem), session)


def packed(name_or_path: str | Path) -> tuple[bytes, Card]:
    """The file that `load` would take, and its card; with `writing.write` it is the same elsewhere.

    Raises ModelError as `load` does.
    """
    name, model, about = _found(name_or_path)
    return model, about or _described(Session(name, model), model, Path(name).stem)


def add(onnx_path: str | Path, name: str, kind: Kind) -> Card:
    """Check a network by running it in a process of its own, then keep a copy of it under `name`.

    Where colorear exported it, the card beside it goes along.

    Raises ModelError if the name is taken or unfit, or the file is not a network of that kind.
    """
    _check_free(name)
    if kind not in get_args(Kind):
        raise ModelError(
            f"there is no kind of network called {kind!r}; known are: {', '.join(get_args(Kind))}"
        )
    model = _read(Path(onnx_path))
    new = try_out(onnx_path, name=name, kind=kind)
    _check_described(Path(onnx_path), model, new)
    write_new(added_folder() / f"{name}.onnx", model, new)
    return new


def examine(path: str | Path, name: str = "", kind: Kind | None = None) -> Card:
    """The card of an .onnx file, after running it once on a size that needs padding.

    A card beside it goes along where it is of that `kind`. Raises ModelError. To be called where
    it does no harm if the network never ends: see `try_out`.
    """
    file = Path(path)
    model = _read(file)
    beside = _card_beside(file, model)
    session = Session(name or str(path), model, threads=1)
    if beside and kind in (None, beside.kind):
        found = msgspec.structs.replace(beside, name=name or beside.name)
    else:
        found = _described(session, model, name or file.stem, kind or "contract")
    Network(found, session)(np.tile(np.linspace(0, 100, 61, dtype=np.float32), (37, 1)))
    return found


def remove(name: str) -> None:
    """Forget a network that was added, and delete its copy. Raises ModelError."""
    path = _card_file(name)
    if path.parent == BUNDLED:
        raise ModelError(f"{name} comes with colorear; only networks that were added are removed")
    try:
        path.unlink()
        path.with_suffix(".onnx").unlink(missing_ok=True)
    except OSError as error:
        raise ModelError(
            f"{name} cannot be removed from {path.parent}: {error.strerror}; "
            f"check who may write there"
        ) from error


def _found(name_or_path: str | Path) -> tuple[str, bytes, Card | None]:
    """What errors call it, its file, and its card, if there is one."""
    if is_file(name_or_path):
        path = Path(name_or_path)
        model = _read(path)
        return str(path), model, _card_beside(path, model)
    about = _card_file(str(name_or_path))
    for path in _places(about):
        if path.exists():
            model, found = _read(path), read_card(about)
            _check_described(path, model, found)
            return str(name_or_path), model, found
    raise _gone(str(name_or_path), about)


def _addition(about: Card | None) -> bytes:
    """What gives the network of that card one more output, if it comes with colorear.

    It is a part of an ONNX file, written by `benchmarks/negatives.py`: of a message that comes
    twice, as the graph then does, protobuf joins the two (Encoding, "Last One Wins"). So the
    network's own file stays what its card and all that it colored say.
    """
    path = BUNDLED / f"negatives-{about.sha256[:8] if about else ''}.pb"
    return path.read_bytes() if path.exists() else b""


def _gone(name: str, about: Path) -> ModelError:
    """The sentence for a card without its file."""
    if about.parent != BUNDLED:
        return ModelError(
            f"{about.with_suffix('.onnx')} is gone; remove {name} with: colorear models remove "
            f"{name}, and add it again"
        )
    return ModelError(
        f"the file of {name} is not part of the installed package; it is networks/{name}.onnx in "
        f"colorear's repository: there `pip install ./networks`, or anywhere "
        f"`colorear models fetch {name} FILE` with that file or its address"
    )


def _places(about: Path) -> list[Path]:
    """Where the .onnx file of a card may be."""
    file = about.with_suffix(".onnx").name
    found = importlib.util.find_spec("colorear_slides")  # networks/, as a package
    slides = [Path(folder) for folder in found.submodule_search_locations or ()] if found else []
    return [folder / file for folder in (about.parent, added_folder(), CHECKOUT, *slides)]


def _card_files() -> dict[str, Path]:
    """Name -> card, bundled ones first; they cannot be replaced by added ones."""
    files: dict[str, Path] = {}
    for folder in (BUNDLED, added_folder()):
        for path in sorted(folder.glob("*.json")):
            files.setdefault(path.stem, path)
    return files


def _card_file(name: str) -> Path:
    files = _card_files()
    if name in files:
        return files[name]
    near = difflib.get_close_matches(name, files, n=1)
    raise ModelError(
        f"there is no network called {name!r}"
        + (f"; did you mean {near[0]!r}?" if near else ";")
        + f" known are: {', '.join(files) or 'none'}; a file must end in .onnx"
    )


def _check_free(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise ModelError(
            f"{name!r} cannot name a network; expected up to 64 small letters, digits, "
            f"'-' and '_', the first a letter or digit"
        )
    if name in RESERVED or name in _card_files():
        raise name_taken(name)


def _card_beside(path: Path, model: bytes) -> Card | None:
    """The card of an .onnx file, which must describe this very `model`; None if it has none."""
    if not path.with_suffix(".json").exists():
        return None
    found = read_card(path.with_suffix(".json"))
    _check_described(path, model, found)
    return found


def _check_described(path: Path, model: bytes, card: Card) -> None:
    if hashlib.sha256(model).hexdigest() != card.sha256:
        raise ModelError(
            f"{path} is not the file that its card describes (its SHA-256 differs); "
            f"install or add the network again"
        )


def _described(session: Session, model: bytes, name: str, kind: Kind = "contract") -> Card:
    """The card of a file that came without one, found by running it once."""
    check_interface(session, kind)
    fixed = fixed_size(session)
    adapter = ADAPTERS.get(kind)
    size, multiple_of = _CONTRACT_SIZE, _CONTRACT_MULTIPLE
    if adapter:
        size, multiple_of = adapter.size, adapter.multiple_of
    if fixed:
        size, multiple_of = min(fixed), 1
    height, width = fixed or (2 * multiple_of, 2 * multiple_of)
    ramp = np.linspace(0, 100, width, dtype=np.float32) + np.zeros((1, 1, height, 1), np.float32)
    ab = ask(session, kind, Question(ramp)).ab
    if adapter:
        check_range(session, kind, ramp)
    stride = max(1, height // max(1, ab.shape[-2]))
    return Card(
        name=name,
        version="",
        kind=kind,
        sha256=hashlib.sha256(model).hexdigest(),
        parameters=None,
        bytes=len(model),
        stride=stride,
        multiple_of=multiple_of,
        size=size,
        hints=takes_hints(session) if kind == "contract" else len(session.inputs) > 1,
        license=UNKNOWN,
        trained_on=UNKNOWN,
    )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(
            f"the network {path} cannot be read: {error.strerror}; give the path of an .onnx file"
        ) from error
