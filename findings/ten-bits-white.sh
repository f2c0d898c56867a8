#!/usr/bin/env bash
# The white of a black-and-white AVIF, HEIC or JPEG XL of 10 bits, read into words of 16: 65472 by libvips, sharp
# and pillow-heif, which put six zeros behind the ten bits; 1023 by OpenCV and imagecodecs, which leave them as
# they are, so that the picture is nearly black for whoever takes uint16 for what it says; 65535 by
# pillow-jxl-plugin; and two by FFmpeg: the same frame is 65535 as gray16le and 65472 as rgb48le.
# Who meets it: whoever takes a phone's picture of an old print further in 16 bits: white is a little gray for
# good, the brightness depends on whether the program asked for gray or for RGB, and black-and-white photographs
# come out black.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d"
python3 -m venv v
v/bin/pip install -qq --no-compile numpy==2.4.6 opencv-python-headless==5.0.0.93 av==18.1.0 imagecodecs==2026.3.6 \
  pyvips==3.2.0 pyvips-binary==8.18.7 pillow==13.0.0 pillow-heif==1.8.1 pillow-jxl-plugin==1.3.8
npm install --silent --no-audit --no-fund sharp@0.35.5 >/dev/null
v/bin/python - <<'EOS' | tee seen
import av, cv2, imagecodecs, numpy as np, pillow_heif, pillow_jxl, pyvips
from PIL import Image

LEVELS = [0, 256, 512, 1023]
gray = np.repeat(np.uint16(LEVELS), 48)[None].repeat(64, 0)
with open("a.avif", "wb") as file:
    file.write(imagecodecs.avif_encode(gray, bitspersample=10, level=100))
content = np.ascontiguousarray(gray << 6).tobytes()
pillow_heif.from_bytes(mode="I;16", size=(192, 64), data=content).save("a.heic", quality=-1)
with open("a.jxl", "wb") as file:
    file.write(imagecodecs.jpegxl_encode(gray, bitspersample=10, lossless=True))
with open("a.avif", "rb") as file, open("a.jxl", "rb") as other:
    stored, stored_jxl = file.read(), other.read()
with Image.open("a.jxl") as opened:
    pillow = np.asarray(opened)
with av.open("a.avif") as container:
    frame = next(container.decode(video=0))
print("libvips", pyvips.version(0), pyvips.version(1), pyvips.version(2), "pillow-heif", pillow_heif.__version__)
print("OpenCV", cv2.__version__, "imagecodecs", imagecodecs.__version__, "PyAV", av.__version__, frame.format.name)
pictures = {
    "AVIF libvips": pyvips.Image.new_from_file("a.avif").numpy(),
    "HEIC pillow-heif": np.asarray(pillow_heif.open_heif("a.heic", convert_hdr_to_8bit=False)),
    "AVIF OpenCV": cv2.imread("a.avif", cv2.IMREAD_UNCHANGED),
    "AVIF imagecodecs": imagecodecs.avif_decode(stored),
    "JPEG-XL imagecodecs": imagecodecs.jpegxl_decode(stored_jxl),
    "JPEG-XL pillow-jxl-plugin": pillow,
    "AVIF FFmpeg gray16le": frame.to_ndarray(format="gray16le"),
    "AVIF FFmpeg rgb48le": frame.to_ndarray(format="rgb48le"),
}
for program, picture in pictures.items():
    print(program, picture.dtype, *picture.reshape(64, 192, -1)[32, 24::48, 0])
EOS
cat > show.cjs <<'EOS'
const sharp = require("sharp");
(async () => {
  const { data, info } = await sharp("a.avif").toColourspace("grey16").raw({ depth: "ushort" }).toBuffer({ resolveWithObject: true });
  const levels = new Uint16Array(data.buffer, data.byteOffset, data.length / 2);
  console.log("AVIF sharp uint16", [0, 1, 2, 3].map(i => levels[(32 * 192 + 24 + 48 * i) * info.channels]).join(" "));
})();
EOS
echo "sharp 0.35.5"
node show.cjs | tee -a seen
for program in "AVIF libvips" "HEIC pillow-heif" "AVIF sharp" "AVIF FFmpeg rgb48le"; do
  grep -qx "$program uint16 0 16384 32768 65472" seen || { echo CHANGED; exit 1; }
done
for program in "AVIF OpenCV" "AVIF imagecodecs" "JPEG-XL imagecodecs"; do
  grep -qx "$program uint16 0 256 512 1023" seen || { echo CHANGED; exit 1; }
done
for program in "AVIF FFmpeg gray16le" "JPEG-XL pillow-jxl-plugin"; do
  grep -qx "$program uint16 0 16400 32800 65535" seen || { echo CHANGED; exit 1; }
done
