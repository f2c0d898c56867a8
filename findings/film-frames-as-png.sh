#!/usr/bin/env bash
# FFmpeg's PNG writer says in the file what the film's tags said: a frame of a black-and-white film
# tagged BT.709 gets the chunks cICP, gAMA and cHRM. The grey levels in the file are those of the film, but
# Skia (here through @napi-rs/canvas; Debian's Chromium 156 did so too, even a little more) shows them by
# BT.709's curve: shadows turn darker, 32 becomes 26. sharp and Pillow hand over the levels themselves. A
# film of limited range gets a PNG that says so in cICP's last byte, of which Skia takes no notice.
# Who meets it: whoever colours a film's frames as single pictures and compares before and after.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d"
python3 -m venv v
v/bin/pip install -qq --no-compile numpy==2.4.6 av==18.1.0 pillow==12.3.0
npm install --silent --no-audit --no-fund @napi-rs/canvas@1.1.1 sharp@0.35.5 >/dev/null
cat > frame.py <<'EOF'
import struct
import av, numpy as np, PIL
from PIL import Image

LEVELS = [0, 32, 64, 128, 192, 255]
picture = np.repeat(np.uint8(LEVELS), 32)[None].repeat(64, axis=0)


def film(name, levels, color_range):
    with av.open(name, "w") as container:
        stream = container.add_stream("ffv1", rate=18)
        stream.width, stream.height, stream.pix_fmt = 192, 64, "gray"
        frame = av.VideoFrame.from_ndarray(levels, format="gray")
        for tagged in (stream.codec_context, frame):
            tagged.color_range, tagged.colorspace = color_range, 1
            tagged.color_primaries = tagged.color_trc = 1  # BT.709
        frame.pts = 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode())


def png(name):
    with av.open(name) as container:
        frame = next(container.decode(video=0))
    encoder = av.CodecContext.create("png", "w")
    encoder.width, encoder.height, encoder.pix_fmt = frame.width, frame.height, frame.format.name
    encoder.time_base, frame.pts = frame.time_base, 0
    return b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode()])


film("full.mkv", picture, 2)
film("limited.mkv", (16 + picture * (219 / 255)).round().astype(np.uint8), 1)
print("PyAV", av.__version__, "FFmpeg", av.ffmpeg_version_info, "Pillow", PIL.__version__)
for name in ("full", "limited"):
    data = png(name + ".mkv")
    with open(name + ".png", "wb") as file:
        file.write(data)
    place = data.find(b"cICP")
    chunk = data[place + 4 : place + 8].hex() if place > 0 else "none"
    print(name, "range: cICP", chunk, "gAMA", data.find(b"gAMA") > 0)
    with Image.open(name + ".png") as opened:
        print(name, "Pillow", *np.asarray(opened)[32, 16::32])
EOF
v/bin/python frame.py | tee seen
cat > show.cjs <<'EOF'
const fs = require("fs"), canvas = require("@napi-rs/canvas"), sharp = require("sharp");
(async () => {
  for (const name of ["full", "limited"]) {
    const file = fs.readFileSync(name + ".png");
    const image = await canvas.loadImage(file);
    const context = canvas.createCanvas(192, 64).getContext("2d");
    context.drawImage(image, 0, 0);
    const shown = context.getImageData(0, 32, 192, 1).data;
    const { data, info } = await sharp(file).raw().toBuffer({ resolveWithObject: true });
    const at = (pixels, channels, start) => [0, 1, 2, 3, 4, 5].map(i => pixels[start + (16 + 32 * i) * channels]).join(" ");
    console.log(name, "Skia", at(shown, 4, 0));
    console.log(name, "sharp", at(data, info.channels, 32 * 192 * info.channels));
  }
})();
EOF
echo "@napi-rs/canvas 1.1.1, sharp 0.35.5"
node show.cjs | tee -a seen
for line in "full range: cICP 01010001 gAMA True" "limited range: cICP 01010000 gAMA True" \
  "full Pillow 0 32 64 128 192 255" "full sharp 0 32 64 128 192 255" "full Skia 0 26 62 129 193 255" \
  "limited Skia 7 39 69 127 182 236"; do
  grep -qxF "$line" seen || { echo CHANGED; exit 1; }
done
