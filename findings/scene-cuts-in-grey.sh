#!/usr/bin/env bash
# PySceneDetect's usual detector finds all of twenty hard cuts between photographs in a film in colour,
# and fewer than half of them in the same film in black and white: its score is the mean of the changes
# of hue, of saturation and of brightness, and the first two stay 0. Its threshold is not told so;
# `luma_only=True` finds them all again.
# Who meets it: whoever splits an old film into shots before colouring it; colours then leak over cuts.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d"
python3 -m venv v
v/bin/pip install -qq --no-compile scenedetect==0.7.2 opencv-python-headless==5.0.0.93 scikit-image==0.26.0
v/bin/python -W ignore - <<'EOF'
import pathlib, sys
import cv2, numpy as np, scenedetect, skimage

folder = pathlib.Path(skimage.__file__).with_name("data")
photographs = [
    cv2.imread(str(folder / name))
    for name in ("coffee.png", "astronaut.png", "chelsea.png", "rocket.jpg",
                 "hubble_deep_field.jpg", "retina.jpg", "motorcycle_left.png")
]
rng = np.random.default_rng(3)
shots, last = [], -1
for _ in range(21):
    last = int(rng.choice([i for i in range(len(photographs)) if i != last]))
    photograph = photographs[last]
    side = int(min(photograph.shape[:2]) * rng.uniform(0.55, 0.9))
    y, x = (rng.integers(0, length - side + 1) for length in photograph.shape[:2])
    shots.append(cv2.resize(photograph[y : y + side, x : x + side], (192, 144),
                            interpolation=cv2.INTER_AREA))


def film(name, gray):
    writer = cv2.VideoWriter(name, cv2.VideoWriter_fourcc(*"MJPG"), 18, (192, 144))
    for shot in shots:
        if gray:
            shot = cv2.cvtColor(cv2.cvtColor(shot, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
        for _ in range(24):
            writer.write(shot)
    writer.release()


def cuts(name, **settings):
    detector = scenedetect.ContentDetector(**settings)
    return max(len(scenedetect.detect(name, detector)) - 1, 0)


film("color.avi", gray=False)
film("gray.avi", gray=True)
found = cuts("color.avi"), cuts("gray.avi"), cuts("gray.avi", luma_only=True)
print("PySceneDetect", scenedetect.__version__, "OpenCV", cv2.__version__)
print("cuts found of 20: in colour %d, in black and white %d, there with luma_only %d" % found)
if found[0] < 19 or found[1] > 12 or found[2] < 19:
    sys.exit("CHANGED")
EOF
