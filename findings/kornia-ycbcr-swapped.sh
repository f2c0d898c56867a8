#!/usr/bin/env bash
# kornia-rs's conversion from RGB to YCbCr and back has the planes in the order Y, Cr, Cb, that of OpenCV's YCrCb,
# under the name of the other; beside it YUV is U before V. And its resize with antialias=True, the default, leaves
# the antialias out of "bilinear" alone: a photograph made five times smaller is as far from Pillow's as one whose
# pixels were merely picked.
# Who meets it: whoever joins the luma of a scan with the chroma of a colored copy that another library made: faces
# turn blue and skies orange, at the right brightness; and whoever makes a scan smaller for a network, which then
# sees grain that is not there.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d"
python3 -m venv v
v/bin/pip install -qq --no-compile kornia-rs==0.2.0 numpy==2.4.6 pillow==13.0.0 scikit-image==0.26.0
v/bin/python - <<'EOS' | tee seen
import kornia_rs, numpy as np, PIL, skimage.data
from kornia_rs import imgproc
from PIL import Image

print("kornia-rs", kornia_rs.__version__, "Pillow", PIL.__version__)
photograph = np.ascontiguousarray(skimage.data.astronaut())
pillow = np.asarray(Image.fromarray(photograph).convert("YCbCr"))


def apart(one, other):
    return np.abs(np.asarray(one).astype(int) - other).max((0, 1)).tolist()


print("YCbCr against Pillow's, by plane:", apart(imgproc.ycbcr_from_rgb(photograph), pillow))
print("its Y, 3rd, 2nd against Pillow's:", apart(np.asarray(imgproc.ycbcr_from_rgb(photograph))[..., [0, 2, 1]], pillow))
back = imgproc.rgb_from_ycbcr(np.ascontiguousarray(pillow))
print("Pillow's YCbCr to RGB, R G B off by:", apart(back, photograph))
blue = np.zeros((8, 8, 3), np.float32)
blue[..., 2] = 1
for name in ("ycbcr", "yuv"):
    planes = np.asarray(getattr(imgproc, f"{name}_from_rgb")(blue))[0, 0]
    print(f"pure blue in {name}: the larger chroma is the", "2nd" if planes[1] > planes[2] else "3rd")
for name, kind in (("bilinear", Image.Resampling.BILINEAR), ("bicubic", Image.Resampling.BICUBIC), ("lanczos", Image.Resampling.LANCZOS)):
    small = np.asarray(Image.fromarray(photograph).resize((96, 96), kind)).astype(int)
    smooth, picked = (np.asarray(imgproc.resize(photograph, (96, 96), way, antialias=on)) for way, on in ((name, True), ("nearest", False)))
    print(f"512 to 96, {name}, antialias=True: {np.abs(smooth - small).mean():.0f} levels from Pillow's, nearest {np.abs(picked - small).mean():.0f}")
EOS
grep -q "YCbCr against Pillow's, by plane: \[1, 1[0-9][0-9], 1[0-9][0-9]\]" seen || { echo CHANGED; exit 1; }
grep -q "3rd, 2nd against Pillow's: \[1, 1, 1\]" seen || { echo CHANGED; exit 1; }
grep -q "pure blue in ycbcr: the larger chroma is the 3rd" seen || { echo CHANGED; exit 1; }
grep -q "512 to 96, bilinear, antialias=True: [5-9] levels from Pillow's, nearest [6-9]" seen || { echo CHANGED; exit 1; }
grep -q "512 to 96, bicubic, antialias=True: [0-3] levels" seen || { echo CHANGED; exit 1; }
