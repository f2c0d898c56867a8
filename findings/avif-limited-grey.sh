#!/usr/bin/env bash
# A monochrome AVIF may have levels of limited range (black 16, white 235), as films have. Pillow and
# imagecodecs stretch them to 0..255. sharp, libvips, OpenCV 5 and PyAV hand over 16..235 for the whole scale,
# though the file says what it is; of a colour AVIF of limited range all five make the right picture.
# Who meets it: a gallery that makes thumbnails of black-and-white photographs, and whoever colours them: flat
# pictures, black is grey and white is grey, beside a coloured one that is not.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d"
python3 -m venv v
v/bin/pip install -qq --no-compile numpy==2.4.6 pillow==13.0.0 opencv-python-headless==5.0.0.93 av==18.1.0 imagecodecs==2026.3.6
npm install --silent --no-audit --no-fund sharp@0.35.5 >/dev/null
v/bin/python - <<'EOF' | tee seen
import av, cv2, imagecodecs, numpy as np, PIL
from PIL import Image

LEVELS = [0, 64, 128, 192, 255]
gray = np.repeat(np.uint8(LEVELS), 16)[None].repeat(64, 0)
print("Pillow", PIL.__version__, "OpenCV", cv2.__version__, "PyAV", av.__version__, "imagecodecs", imagecodecs.__version__)
for name, picture in (("grey", gray), ("colour", np.dstack([gray] * 3))):
    file = name + ".avif"
    Image.fromarray(picture).save(file, quality=100, range="limited")
    with open(file, "rb") as opened:
        stored = opened.read()
    with av.open(file) as container:
        frame = next(container.decode(video=0))
    with Image.open(file) as opened:
        pillow = np.asarray(opened)
    pictures = {
        "Pillow": pillow,
        "imagecodecs": imagecodecs.avif_decode(stored),
        "OpenCV": cv2.imdecode(np.frombuffer(stored, np.uint8), cv2.IMREAD_UNCHANGED),
        "PyAV": frame.to_ndarray(format="rgb24"),
    }
    for program, levels in pictures.items():
        print(name, program, *levels[32, 8::16].reshape(5, -1)[:, 0])
EOF
cat > show.cjs <<'EOF'
const sharp = require("sharp");
(async () => {
  for (const name of ["grey", "colour"]) {
    const { data, info } = await sharp(name + ".avif").raw().toBuffer({ resolveWithObject: true });
    console.log(name, "sharp", [0, 1, 2, 3, 4].map(i => data[(32 * info.width + 8 + 16 * i) * info.channels]).join(" "));
  }
})();
EOF
echo "sharp 0.35.5"
node show.cjs | tee -a seen
for program in Pillow imagecodecs; do grep -qx "grey $program 0 64 128 192 255" seen || { echo CHANGED; exit 1; }; done
for program in OpenCV PyAV sharp; do
  grep -qx "grey $program 16 71 126 181 235" seen && grep -qE "^colour $program [01] 6[345] 12[789] 19[123] 25[45]$" seen || { echo CHANGED; exit 1; }
done
