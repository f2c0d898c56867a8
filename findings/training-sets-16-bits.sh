#!/usr/bin/env bash
# A 16-bit picture put into a training set. `datasets` keeps a grey one as it is; one of three channels becomes
# 8 bits by leaving the high bytes out: 32887 becomes 119, a smooth sky becomes noise. (It warns that it casts
# down, not that it leaves the high bytes out; floats of three channels it refuses.) webdataset writes a grey
# one as it is, refuses three channels, and none of its decoders of pictures gives the grey one back: all that
# is above 255 is white, without a word (they convert to "RGB" or "L" by Pillow, which clips).
# Who meets it: who learns to colour from film scans of 16 bits, read by OpenCV or tifffile: the network sees
# white pages as inputs and noise as colours, and nothing fails.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d"
python3 -m venv v
v/bin/pip install -qq --no-compile numpy==2.4.6 pillow==13.0.0 datasets==5.2.0 webdataset==1.0.2
HF_HOME="$d/home" HF_HUB_OFFLINE=1 v/bin/python - <<'EOF'
import io, sys, tarfile, warnings
import datasets, numpy as np, webdataset
from PIL import Image

print("datasets", datasets.__version__, "webdataset", webdataset.__version__)
grey = np.linspace(0, 65535, 64 * 64).astype(np.uint16).reshape(64, 64)
sets = {"grey": grey, "RGB": np.stack([grey] * 3, -1), "RGB of floats": np.stack([np.float32(grey / 65535)] * 3, -1)}
seen = {}
for name, picture in sets.items():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            features = datasets.Features({"image": datasets.Image()})
            read = np.asarray(datasets.Dataset.from_dict({"image": [picture]}, features=features)[0]["image"])
        except TypeError as error:
            seen[name] = "refused"
            print(f"datasets, {name}: refused: {error}")
            continue
    seen[name] = "same" if np.array_equal(read, picture) else "low bytes" if np.array_equal(read, picture & 255) else "?"
    print(f"datasets, {name}: {seen[name]} ({picture[32, 7].max()} is {read[32, 7].max()})", *{str(w.message) for w in caught})

file = io.BytesIO()
with webdataset.TarWriter(file) as writer:
    writer.write({"__key__": "a", "png": grey})
file.seek(0)
with tarfile.open(fileobj=file) as tar:
    stored = tar.extractfile("a.png").read()
seen["stored"] = np.array_equal(np.asarray(Image.open(io.BytesIO(stored))), grey)
print("webdataset, grey: stored as it is:", seen["stored"])
decoders = "l8", "rgb8", "pil", "pill", "l", "rgb"
white = []
for decoder in decoders:
    read = np.asarray(webdataset.autodecode.imagehandler(decoder)("a.png", stored))
    white.append(float((read == (255 if read.dtype == np.uint8 else 1)).mean()))
    print(f"webdataset, grey, read by {decoder!r}: {read.dtype}, {white[-1]:.1%} white")
try:
    with webdataset.TarWriter(io.BytesIO()) as writer:
        writer.write({"__key__": "a", "png": sets["RGB"]})
    seen["RGB stored"] = True
except TypeError:
    seen["RGB stored"] = False
print("webdataset, RGB: stored:", seen["RGB stored"])
expected = {"grey": "same", "RGB": "low bytes", "RGB of floats": "refused", "stored": True, "RGB stored": False}
if seen != expected or min(white) < 0.98:
    sys.exit("CHANGED")
EOF
