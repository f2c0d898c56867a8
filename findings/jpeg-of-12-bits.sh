#!/usr/bin/env bash
# A grey JPEG of 12 bits, as film and X-ray scanners write it, is no error to all that cannot read it. jpeg-js, and
# image-js with it, give a picture of black and white: they read the depth and then pass it over, so that
# one sixteenth of the levels fills all of the scale. PyMuPDF gives a black one, as a pixmap and in a PDF (a warning
# that nobody asks for tells of it). Pillow, sharp and zune refuse; FFmpeg and imagecodecs read it right.
# Who meets it: a page or an album that takes scans from anybody: what is coloured is a silhouette.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d"
python3 -m venv v
v/bin/pip install -qq --no-compile numpy==2.4.6 imagecodecs==2026.3.6 pymupdf==2.0 pillow==13.0.0 pypdfium2==5.15.2 av==18.1.0
npm install --silent --no-audit --no-fund jpeg-js@0.4.4 image-js@1.7.0 sharp@0.35.5 >/dev/null
v/bin/python - <<'EOF' | tee seen
import av, imagecodecs, numpy as np, PIL, pymupdf, pypdfium2
from PIL import Image

AT = [25, 100, 200]
ramp = np.tile(np.linspace(0, 4095, 256).round().astype(np.uint16), (64, 1))
with open("a.jpg", "wb") as file:
    file.write(imagecodecs.jpeg_encode(ramp, level=95, bitspersample=12))
print("imagecodecs", imagecodecs.__version__ + ":", *(imagecodecs.imread("a.jpg")[32, AT] // 16))
with av.open("a.jpg") as file:
    print("FFmpeg", av.ffmpeg_version_info + ":", *(next(file.decode(video=0)).to_ndarray()[32, AT] // 256))
pymupdf.TOOLS.mupdf_display_errors(False)
pixmap = pymupdf.Pixmap("a.jpg")
print("PyMuPDF", pymupdf.__version__ + ":", *(pixmap.samples[32 * pixmap.stride + at * pixmap.n] for at in AT))
with pymupdf.open() as album:
    page = album.new_page(width=256, height=64)
    page.insert_image(page.rect, filename="a.jpg")
    shown = pypdfium2.PdfDocument(album.tobytes())[0].render(scale=1).to_numpy()
print("PyMuPDF's PDF:", *shown[32, AT, 0])
try:
    Image.open("a.jpg").load()
except (OSError, SyntaxError):
    print("Pillow", PIL.__version__ + ": refused")
EOF
cat > read.cjs <<'EOF'
const data = require("fs").readFileSync("a.jpg"), at = [25, 100, 200];
(async () => {
  const grey = require("jpeg-js").decode(data).data;
  console.log("jpeg-js 0.4.4:", ...at.map((x) => grey[(32 * 256 + x) * 4]));
  const image = require("image-js").decode(data);
  console.log("image-js 1.7.0:", ...at.map((x) => image.getPixel(x, 32)[0]));
  console.log("sharp 0.35.5:", await require("sharp")(data).raw().toBuffer().then(() => "opened", () => "refused"));
})();
EOF
node read.cjs | tee -a seen
for right in imagecodecs FFmpeg; do grep -qE "^$right .*: 25 100 20[01]$" seen || { echo CHANGED; exit 1; }; done
grep -q "^PyMuPDF 2.0: 0 0 0$" seen && grep -q "^PyMuPDF's PDF: 0 0 0$" seen && grep -q "^Pillow .*refused" seen &&
  grep -q "^sharp .*refused" seen && [ "$(grep -cE '^(jpeg-js|image-js) .*: 0 0 255$' seen)" = 2 ] || { echo CHANGED; exit 1; }
