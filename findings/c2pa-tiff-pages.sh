#!/usr/bin/env bash
# A TIFF of several pages, signed by c2pa, has a page more, without width, height and picture: that is where
# version 2 of the C2PA specification wants the manifest (a directory of its own, the last). libtiff
# takes it for damage: sharp opens none of the pages any more; Pillow and img2pdf raise when they count the
# pages, and MuPDF when it comes to the last. Pillow opens the first page, and sharp tells the metadata,
# so that a look at the file finds nothing. A TIFF of one page gets the manifest beside its own tags, and
# opens everywhere.
# Who meets it: an archive that keeps each album as one TIFF of scans and signs what was coloured: galleries
# and viewers lose it. (Known to the makers of c2pa since March 2026.)
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d"
python3 -m venv v
v/bin/pip install -qq --no-compile pillow==13.0.0 c2pa-python==0.38.1 cryptography==50.0.2 pymupdf==2.0
npm install --silent --no-audit --no-fund sharp@0.35.5 >/dev/null
v/bin/python - <<'EOF'
import datetime, io, json
import c2pa
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from PIL import Image

PEM = serialization.Encoding.PEM
keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
names = [x509.Name([x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, name)]) for name in ("Authority", "Archive")]
others = dict.fromkeys(("content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
                        "encipher_only", "decipher_only"), False)
chain = b""
for who, is_authority in ((1, False), (0, True)):  # C2PA takes no certificate that signs itself
    built = (
        x509.CertificateBuilder(names[0], names[who], keys[who].public_key(), x509.random_serial_number(),
                                datetime.datetime(2026, 1, 1), datetime.datetime(2046, 1, 1))
        .add_extension(x509.BasicConstraints(is_authority, None), True)
        .add_extension(x509.KeyUsage(digital_signature=not is_authority, key_cert_sign=is_authority,
                                     crl_sign=is_authority, **others), True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(keys[who].public_key()), False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(keys[0].public_key()), False)
    )
    if not is_authority:
        built = built.add_extension(x509.ExtendedKeyUsage([x509.oid.ExtendedKeyUsageOID.EMAIL_PROTECTION]), False)
    chain += built.sign(keys[0], hashes.SHA256()).public_bytes(PEM)
private = keys[1].private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
action = {"action": "c2pa.created",
          "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"}
manifest = {"claim_generator_info": [{"name": "a colouriser", "version": "1"}],
            "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [action]}}]}
pages = [Image.new("RGB", (300, 200), (80 * n, 90, 100)) for n in range(3)]
for count in (1, 3):
    file, signed = io.BytesIO(), io.BytesIO()
    pages[0].save(file, "TIFF", save_all=True, append_images=pages[1:count])
    file.seek(0)
    info = c2pa.C2paSignerInfo(b"es256", chain, private, None)
    settings = c2pa.Settings.from_dict({"builder": {"thumbnail": {"enabled": False}}})
    with (settings, c2pa.Signer.from_info(info) as signer, c2pa.Context(settings) as context,
          c2pa.Builder(json.dumps(manifest), context) as builder):
        builder.sign(signer, "image/tiff", file, signed)
    with open(f"{count}.tif", "wb") as written:
        written.write(signed.getvalue())
    with c2pa.Reader("image/tiff", io.BytesIO(signed.getvalue())) as reader:
        print(f"{count}.tif: c2pa {c2pa.sdk_version()} finds it", json.loads(reader.json())["validation_state"])
EOF
cat > read.cjs <<'EOF'
const sharp = require("sharp");
(async () => {
  for (const name of ["1.tif", "3.tif"]) {
    const told = (await sharp(name).metadata()).width;
    const shown = await sharp(name).toBuffer().then(() => "opened", () => "refused");
    console.log(`${name}: sharp ${sharp.versions.sharp} tells its width ${told}; first page ${shown}`);
  }
})();
EOF
cat > read.py <<'EOF'
import PIL, pymupdf
from PIL import Image


def answer(ask):
    try:
        return ask()
    except Exception as error:
        return f"raises {error}"


pymupdf.TOOLS.mupdf_display_errors(False)
for name in ("1.tif", "3.tif"):
    print(f"{name}: Pillow {PIL.__version__} opens the first, {answer(lambda: Image.open(name).load() and 'well')};",
          "pages:", answer(lambda: Image.open(name).n_frames))
    print(f"{name}: PyMuPDF {pymupdf.__version__}, last page:", answer(lambda: pymupdf.open(name)[-1].get_pixmap() and "opened"))
EOF
{ node read.cjs; v/bin/python read.py; } | tee seen
grep -q "1.tif: sharp.*opened" seen && grep -q "3.tif: sharp.*width 300; first page refused" seen &&
  grep -q "1.tif: Pillow.*well; pages: 1" seen && grep -q "3.tif: Pillow.*well; pages: raises" seen &&
  grep -q "1.tif: PyMuPDF.*opened" seen && grep -q "3.tif: PyMuPDF.*raises" seen || { echo CHANGED; exit 1; }
