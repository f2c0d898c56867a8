#!/usr/bin/env bash
# `ffmpeg -i film.mkv -colorspace bt709 ...`, as one writes it to say what an untagged film is, changes its
# pixels: FFmpeg 9 takes what has no tag for BT.601 and converts it. Luma moves by up to 23 levels in a
# vivid colour, and grey is no longer grey (chroma of 127). FFmpeg 7.0 wrote the tag and left all pixels alone.
# `-color_primaries` and `-color_trc` do that still, as do `-colorspace` before `-i` and the filter setparams.
# Who meets it: whoever colours an old film, mostly untagged, and tags the result: other colours, tinted greys,
# and a luma that is no longer the film's.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d"
python3 -m venv v
v/bin/pip install -qq --no-compile imageio-ffmpeg==0.6.0
cp "$(v/bin/python -c 'import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe())')" older
v/bin/pip install -qq --no-compile imageio-ffmpeg==0.8.1
cp "$(v/bin/python -c 'import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe())')" newer
v/bin/python - <<'EOF' | tee seen
import subprocess

WIDTH, HEIGHT = 256, 64
HALF = WIDTH * HEIGHT // 8  # of the samples of a chroma plane: grey above, a vivid colour below
luma = bytes(16 + 219 * x // 255 for x in range(WIDTH)) * HEIGHT
film = luma + bytes([128] * HALF + [90] * HALF) + bytes([128] * HALF + [180] * HALF)
RAW = ["-f", "rawvideo", "-pix_fmt", "yuv420p"]


def run(program, *arguments, given=b""):
    return subprocess.run([f"./{program}", "-v", "error", "-y", *arguments], input=given, check=True, capture_output=True).stdout


def apart(a, b):
    return max(abs(x - y) for x, y in zip(a, b, strict=True))


for program in ("older", "newer"):
    version = subprocess.run([f"./{program}", "-version"], capture_output=True, text=True).stdout.split()[2]
    print(f"FFmpeg {version}:")
    run(program, *RAW, "-s", f"{WIDTH}x{HEIGHT}", "-i", "-", "-c:v", "ffv1", "film.mkv", given=film)
    for before, after in (([], ["-colorspace", "bt709"]), ([], ["-color_primaries", "bt709", "-color_trc", "bt709"]),
                          (["-colorspace", "bt709"], []), ([], ["-vf", "setparams=colorspace=bt709"])):
        run(program, *before, "-i", "film.mkv", *after, "-c:v", "ffv1", "tagged.mkv")
        made = run(program, "-i", "tagged.mkv", *RAW, "-")
        at = len(luma)
        greys = max(apart(made[start:start + HALF], bytes([128]) * HALF) for start in (at, at + 2 * HALF))
        print(f"  {program}: {' '.join([*before, '-i film.mkv', *after])}: luma {apart(made[:at], luma)},",
              f"chroma of grey {greys}, all chroma {apart(made[at:], film[at:])} levels off")
EOF
[ "$(grep -c 'luma 0, chroma of grey 0, all chroma 0 levels off' seen)" = 7 ] &&
  grep -q "newer: -i film.mkv -colorspace bt709: luma 2[0-9], chroma of grey 1, all chroma [2-5][0-9] levels off" seen || { echo CHANGED; exit 1; }
