"""C2PA manifests: the provenance of a coloured file, signed by whoever coloured it (extra: c2pa).

A manifest names the original, what was done to it, and by which network; nobody without the key
can change it, or the file, unnoticed. Signatures differ from run to run, even of equal files.
C2PA is the specification 2.x of the Coalition for Content Provenance and Authenticity.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import pyvips

from colorear.errors import MissingExtraError, SigningError
from colorear.photo.atomic_write import replacing
from colorear.photo.provenance import SOURCE_TYPE, Provenance
from colorear.photo.sniffing import Format

__all__ = ["Signer"]

_ORIGINAL = "original"  # what the ingredient is called within a manifest


class Signer:
    """A person's certificate and private key, read from two PEM files, to sign what they colour.

    The first file holds the person's own certificate before those that vouch for it. Raises
    SigningError if the two cannot sign, MissingExtraError without the extra.
    """

    def __init__(self, certificate: str | Path, key: str | Path) -> None:
        self._certificates = _read(certificate)
        self._algorithm, self._key = _loaded(key)
        dot = pyvips.Image.black(1, 1).pngsave_buffer()
        with _failing(
            f"'{certificate}' and '{key}' cannot sign",
            "name the person's own certificate first, then those that vouch for it; it must be "
            "valid now, meant for signing documents or e-mail, and belong to the key",
        ):
            nothing = _manifest(Provenance("", "", "", ""))
            self._write(nothing, "png", io.BytesIO(dot), io.BytesIO(), ("", io.BytesIO(dot)))

    def sign(self, path: Path, form: Format, original: Path, mark: Provenance) -> None:
        """Put a signed manifest into the coloured file `path`, which is replaced.

        Neither its pixels nor its other metadata change; an older manifest gives way, but that of
        the original becomes part of the new one. Raises SigningError.
        """
        with (
            replacing(path) as signed,
            _failing(f"'{original}' in color cannot be signed", "color it unsigned"),
            path.open("rb") as file,
            original.open("rb") as source,
            signed.open("x+b") as made,
        ):
            self._write(_manifest(mark), form, file, made, (original.name, source))

    def _write(
        self,
        manifest: dict[str, Any],
        form: Format,
        source: BinaryIO,
        target: BinaryIO,
        original: tuple[str, BinaryIO],
    ) -> None:
        import c2pa

        kind = f"image/{form}"
        info = c2pa.C2paSignerInfo(self._algorithm, self._certificates, self._key, None)
        settings = c2pa.Settings.from_dict({"builder": {"thumbnail": {"enabled": False}}})
        with (
            settings,
            c2pa.Signer.from_info(info) as signer,
            c2pa.Context(settings) as context,
            c2pa.Builder(manifest, context) as builder,
        ):
            title = original[0].encode(errors="replace").decode()
            about = {"title": title, "relationship": "parentOf", "instance_id": _ORIGINAL}
            builder.add_ingredient(about, kind, original[1])
            builder.sign(signer, kind, source, target)


def _manifest(mark: Provenance) -> dict[str, Any]:
    agent = {"name": "colorear", "version": mark.version}
    network = {
        "colorear.network": mark.network,
        "colorear.network_version": mark.network_version,
        "colorear.network_sha256": mark.sha256,
    }
    actions = [
        {"action": "c2pa.opened", "parameters": {"ingredientIds": [_ORIGINAL]}},
        {
            "action": "c2pa.color_adjustments",
            "description": f"colour put in by the network {mark.network}",
            "digitalSourceType": SOURCE_TYPE,
            "softwareAgent": agent,
            "parameters": network,
        },
    ]
    assertion = {"label": "c2pa.actions.v2", "data": {"actions": actions}}
    return {"claim_generator_info": [agent], "assertions": [assertion]}


def _loaded(path: str | Path) -> tuple[str, bytes]:
    """C2PA's name for what the key signs with, and the key in PKCS #8, which c2pa wants."""
    content = _read(path)
    try:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    except ModuleNotFoundError:
        raise MissingExtraError("signing", "c2pa") from None
    try:
        key = serialization.load_pem_private_key(content, password=None)
    except (TypeError, ValueError) as error:
        raise SigningError(
            f"'{path}' holds no private key that can be read ({error}); a PEM file without a "
            "password is needed: openssl pkcs8 -topk8 -nocrypt -in KEY -out NEW"
        ) from None
    algorithm = None
    if isinstance(key, ec.EllipticCurvePrivateKey):
        algorithm = {256: "es256", 384: "es384", 521: "es512"}.get(key.curve.key_size)
    elif isinstance(key, ed25519.Ed25519PrivateKey):
        algorithm = "ed25519"
    elif isinstance(key, rsa.RSAPrivateKey):
        algorithm = "ps256"
    if algorithm is None:
        raise SigningError(
            f"'{path}' holds a kind of key that C2PA does not know; "
            "one of P-256, P-384, P-521, Ed25519 or RSA is needed"
        )
    return algorithm, key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _read(path: str | Path) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise SigningError(f"'{path}' cannot be read: {error.strerror}; check the name") from error


@contextmanager
def _failing(what: str, remedy: str) -> Iterator[None]:
    """Turn c2pa's errors into one sentence."""
    try:
        import c2pa
    except ModuleNotFoundError:
        raise MissingExtraError("signing", "c2pa") from None
    try:
        yield
    except c2pa.C2paError as error:
        raise SigningError(f"{what} ({' '.join(str(error).split())}); {remedy}") from error
