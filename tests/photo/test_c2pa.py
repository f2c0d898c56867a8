import datetime as dt
import io
import pickle
import subprocess
import sys
from pathlib import Path

import c2pa
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from colorear import Colorizer, verify
from colorear.errors import SigningError
from colorear.photo.c2pa import Signer
from colorear.photo.provenance import SOURCE_TYPE
from photo.test_provenance import KINDS, written
from photo.test_xmp import LIGHTROOM

NOW = dt.datetime.now(dt.UTC)
PEM, PKCS8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
SEC1, OPEN = serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
AUTHORITY = ec.generate_private_key(ec.SECP256R1())
MINE = ec.generate_private_key(ec.SECP256R1())
KEYS = {
    "P-256": MINE,
    "P-384": ec.generate_private_key(ec.SECP384R1()),
    "P-521": ec.generate_private_key(ec.SECP521R1()),
    "Ed25519": ed25519.Ed25519PrivateKey.generate(),
    "RSA": rsa.generate_private_key(65537, 2048),
}


def named(name: str) -> x509.Name:
    parts = ((NameOID.ORGANIZATION_NAME, "The attic"), (NameOID.COMMON_NAME, name))
    return x509.Name([x509.NameAttribute(*part) for part in parts])


def certificate(key, *, authority: bool = False, days: int = 30, usage: bool = True) -> bytes:
    """A throwaway certificate as C2PA 2.x, 14.5.1, wants it, or one of the authority itself."""
    builder = (
        x509.CertificateBuilder(named("authority"), named("authority" if authority else "me"))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - dt.timedelta(days=60))
        .not_valid_after(NOW + dt.timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=not authority,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=authority,
                crl_sign=authority,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(AUTHORITY.public_key()), False
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
    )
    if usage and not authority:
        email = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
        builder = builder.add_extension(email, critical=False)
    return builder.sign(AUTHORITY, hashes.SHA256()).public_bytes(PEM)


CHAIN = certificate(AUTHORITY, authority=True)


def files(folder: Path, chain: bytes, key: bytes) -> tuple[Path, Path]:
    (folder / "certs.pem").write_bytes(chain)
    (folder / "key.pem").write_bytes(key)
    return folder / "certs.pem", folder / "key.pem"


@pytest.fixture
def signer(tmp_path) -> Signer:
    return Signer(*files(tmp_path, certificate(MINE) + CHAIN, MINE.private_bytes(PEM, PKCS8, OPEN)))


@pytest.fixture
def colorizer(known_network, signer) -> Colorizer:
    return Colorizer(known_network, threads=1, signer=signer)


def manifest_of(path: str | Path) -> tuple[dict, str, list[str]]:
    """The active manifest, what c2pa thinks of it, and the codes of what failed."""
    kind = {"jpg": "jpeg", "tif": "tiff"}.get(Path(path).suffix[1:], Path(path).suffix[1:])
    with c2pa.Reader(f"image/{kind}", io.BytesIO(Path(path).read_bytes())) as reader:
        results = reader.get_validation_results()["activeManifest"]
        failed = [failure["code"] for failure in results["failure"]]
        return reader.get_active_manifest(), reader.get_validation_state(), failed


@pytest.mark.parametrize("kind", KINDS)
def test_every_format_is_signed_and_otherwise_the_same(tmp_path, known_network, colorizer, kind):
    source = written(tmp_path, kind, LIGHTROOM)
    done = colorizer.colorize(source)
    manifest, state, failed = manifest_of(done.output)
    assert (state, failed) == ("Valid", ["signingCredential.untrusted"])  # nobody knows the CA
    assert manifest["signature_info"]["common_name"] == "me"
    assert manifest["claim_generator_info"][0]["name"] == "colorear"
    (assertion,) = (a for a in manifest["assertions"] if a["label"].startswith("c2pa.actions"))
    opened, colored = assertion["data"]["actions"]
    assert opened["action"] == "c2pa.opened"
    assert colored["action"] == "c2pa.color_adjustments"
    assert colored["digitalSourceType"] == SOURCE_TYPE
    card = colorizer.network.card
    assert colored["parameters"]["colorear.network"] == card.name
    assert colored["parameters"]["colorear.network_sha256"] == card.sha256
    (original,) = manifest["ingredients"]
    assert (original["title"], original["relationship"]) == (source.name, "parentOf")
    assert "thumbnail" not in original
    promise = verify(source, done.output)
    assert (promise.ok, promise.provenance) == (True, colorizer.mark)
    bare = Colorizer(known_network, threads=1).colorize(source, tmp_path / f"bare{source.suffix}")
    assert tags_and_pixels(done.output) == tags_and_pixels(bare.output)


def tags_and_pixels(path: str) -> tuple[dict, bytes]:
    import pyvips

    image = pyvips.Image.new_from_file(path)
    fields = {name: image.get(name) for name in image.get_fields() if name != "filename"}
    return fields, image.write_to_memory()


def test_a_change_is_noticed(tmp_path, colorizer):
    done = colorizer.colorize(written(tmp_path, "JPEG, grey", None))
    content = bytearray(Path(done.output).read_bytes())
    content[-20] ^= 1
    Path(done.output).write_bytes(content)
    _, state, failed = manifest_of(done.output)
    assert (state, "assertion.dataHash.mismatch" in failed) == ("Invalid", True)


@pytest.mark.parametrize("kind", ["JPEG, grey", "PNG, 8 bit", "TIFF, 8 bit", "WebP"])
def test_what_was_signed_before_is_part_of_it(tmp_path, colorizer, kind):
    once = colorizer.colorize(written(tmp_path, kind, None))
    twice = colorizer.colorize(once.output)
    manifest, state, _ = manifest_of(twice.output)
    assert state == "Valid"
    assert manifest["ingredients"][0]["active_manifest"] == manifest_of(once.output)[0]["label"]


@pytest.mark.parametrize("name", KEYS)
def test_every_kind_of_key(tmp_path, known_network, name):
    key = KEYS[name]
    private = key.private_bytes(PEM, PKCS8 if name == "Ed25519" else SEC1, OPEN)
    signer = Signer(*files(tmp_path, certificate(key) + CHAIN, private))
    signer = pickle.loads(pickle.dumps(signer))  # as it reaches another process
    done = Colorizer(known_network, signer=signer).colorize(written(tmp_path, "JPEG, grey", None))
    assert manifest_of(done.output)[1] == "Valid"


LOCKED = MINE.private_bytes(PEM, PKCS8, serialization.BestAvailableEncryption(b"secret"))
MINE_OPEN = MINE.private_bytes(PEM, PKCS8, OPEN)
GOOD = certificate(MINE) + CHAIN


@pytest.mark.parametrize(
    ("chain", "key", "says"),
    [
        (b"dear diary", MINE_OPEN, r"certs\.pem' and '.*key\.pem' cannot sign \(.*certificate"),
        (GOOD, b"dear diary", r"key\.pem' holds no private key that can be read .* openssl pkcs8"),
        (GOOD, LOCKED, r"key\.pem' holds no private key that can be read \(Password was not"),
        (GOOD, KEYS["P-384"].private_bytes(PEM, PKCS8, OPEN), "cannot sign .* belong to the key"),
        (GOOD, AUTHORITY.private_bytes(PEM, PKCS8, OPEN), "cannot sign .* belong to the key"),
        (CHAIN + certificate(MINE), MINE_OPEN, "cannot sign .* person's own certificate first"),
        (certificate(MINE, days=-1) + CHAIN, MINE_OPEN, "cannot sign .*not valid at time"),
        (certificate(MINE, usage=False) + CHAIN, MINE_OPEN, "cannot sign .* meant for signing"),
        (
            GOOD,
            dsa.generate_private_key(1024).private_bytes(PEM, PKCS8, OPEN),
            "a kind of key that C2PA does not know",
        ),
    ],
)
def test_what_cannot_sign(tmp_path, chain, key, says):
    with pytest.raises(SigningError, match=says) as caught:
        Signer(*files(tmp_path, chain, key))
    assert "\n" not in str(caught.value)


def test_files_that_are_not_there(tmp_path):
    with pytest.raises(SigningError, match=r"nobody\.pem' cannot be read: No such file"):
        Signer(tmp_path / "nobody.pem", tmp_path / "nobody.pem")


def test_nothing_is_left_where_signing_fails(tmp_path, colorizer, monkeypatch):
    def fail(*_):
        raise c2pa.C2paError("the disk\nis full")

    source = written(tmp_path, "PNG, 8 bit", None)
    before = sorted(tmp_path.iterdir())
    monkeypatch.setattr(c2pa.Builder, "sign", fail)
    with pytest.raises(SigningError, match=r"old\.png' in color cannot be signed \(the disk is"):
        colorizer.colorize(source)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("missing", ["c2pa", "cryptography"])
def test_without_the_extra(tmp_path, missing):
    paths = files(tmp_path, GOOD, MINE_OPEN)
    code = (
        f"import sys; sys.modules['{missing}'] = None\n"
        "from colorear.errors import MissingExtraError\n"
        "from colorear.photo.c2pa import Signer\n"
        f"try: Signer(*{[str(path) for path in paths]})\n"
        "except MissingExtraError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == (
        "signing needs packages that are not installed; "
        "install them with: pip install 'colorear[c2pa]'\n"
    )
