#!/usr/bin/env bash
# A JPEG 2000 in color of more than 8 bits, 10, 12 or 16, as archives keep scans, opened by Pillow 13: it makes 8 bits
# of it and rounds up without an end at 255, so that white is 0. Paper white and burnt-out sky are black spots, an area
# with one channel full has the opposite color there, and an opaque picture with alpha is transparent altogether, since
# its alpha of 65535 is 0, too. Nothing is said. It is so for three equal channels (a black-and-white scan stored as
# RGB) and for gray with alpha; gray alone is read as 16 bits and is right, and 8 bits are. imagecodecs reads the same
# files right, and FFmpeg 9, but gray with alpha of 10 and 12 bits: it takes them for the low ones of 16, black and clear.
# Who meets it: who opens an archive's scans to color them, or reads back a colored copy kept in 16 bits: Pillow's own
# PNG and TIFF of such a picture have white, so it looks like a fault of the network.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d"
python3 -m venv v
v/bin/pip install -qq --no-compile numpy==2.4.6 pillow==13.0.0 imagecodecs==2026.3.6 imageio-ffmpeg==0.8.1
v/bin/python -W ignore - <<'EOS'
import subprocess, sys

import imagecodecs, imageio_ffmpeg, numpy as np, PIL
from PIL import Image, features

print("Pillow", PIL.__version__, "with OpenJPEG", features.version("jpg_2000"), "imagecodecs", imagecodecs.__version__,
      "FFmpeg", imageio_ffmpeg.get_ffmpeg_version())
LEVELS = np.array([0, 64, 128, 192, 254, 255])  # of 255, each 32 wide
wide = LEVELS.repeat(32)[None].repeat(64, 0) / 255
PLACES = np.arange(16, wide.shape[1], 32)


def by_ffmpeg(name):
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-i", name, "-f", "rawvideo", "-pix_fmt", "rgba", "-"]
    return np.frombuffer(subprocess.run(command, capture_output=True, check=True).stdout, np.uint8).reshape(*wide.shape, 4)


failed = []
for bits in (8, 10, 12, 16):
    top = 2**bits - 1
    gray = np.round(wide * top).astype(np.uint8 if bits == 8 else np.uint16)
    full = np.full_like(gray, top)
    half = np.full_like(gray, top // 2)
    pictures = {"gray": [gray], "gray as RGB": [gray] * 3, "red, the others half": [gray, half, half], "RGB and alpha": [gray, gray, gray, full]}
    pictures["gray and alpha"] = [gray, full]
    for kind, channels in pictures.items():
        for file_format in ("jp2", "j2k"):
            name = "scan." + file_format
            stored = channels[0] if len(channels) == 1 else np.stack(channels, -1)
            with open(name, "wb") as file:
                file.write(imagecodecs.jpeg2k_encode(stored, level=0, reversible=True, bitspersample=bits, codecformat=file_format))
            with open(name, "rb") as file:
                back = imagecodecs.jpeg2k_decode(file.read())
            right = {"imagecodecs": np.array_equal(back, stored)}
            opened = Image.open(name)
            read = np.asarray(opened)
            read = read.reshape(*wide.shape, -1)
            alpha = read[..., -1] if opened.mode in ("RGBA", "LA") else None
            found = read[32, PLACES, 0] / (65535 if opened.mode == "I;16" else 255)
            shown = by_ffmpeg(name)
            dark = kind == "gray and alpha" and bits in (10, 12)  # as if it were the low bits of 16
            scale = 2.0 ** (bits - 16) if dark else 1
            levels = shown[32, PLACES, 0].tolist() + [int(shown[..., 3].max())]
            right["FFmpeg"] = np.abs(np.array(levels) - [*LEVELS * scale, 255 * scale if len(channels) in (2, 4) else 255]).max() <= 1
            off = np.abs(found - LEVELS / 255) > 0.005
            seen = np.round(found * 255).astype(int).tolist()
            print(f"{bits} bits, {kind}, {file_format}: Pillow ({opened.mode}) {seen}", "" if alpha is None else f"alpha {alpha.min()}",
                  f"imagecodecs {'right' if right['imagecodecs'] else 'WRONG'}, FFmpeg {levels[:-1]} alpha {levels[-1]}")
            wrong = bits > 8 and kind != "gray"
            if off.tolist() != [False] * 5 + [wrong] or (wrong and found[-1] != 0) or not all(right.values()):
                failed.append((bits, kind, file_format))
            if alpha is not None and set(alpha.ravel().tolist()) != ({0} if wrong else {255}):
                failed.append((bits, kind, file_format, "alpha"))
if failed:
    sys.exit(f"CHANGED: {failed}")
EOS
