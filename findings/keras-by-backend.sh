#!/usr/bin/env bash
# Keras 3.15's image operations on its backends torch, jax and openvino, the same call, the same numbers. gaussian_blur,
# called plainly, takes height, width and color for color, height and width on torch and jax: it blurs along the
# width and across red, green and blue, and cuts off beyond them, so that an even gray of 1 becomes 0.73, 1, 0.73
# (green); told data_format it is right. On openvino rgb_to_grayscale of 8 bits is black, and resize leaves antialias
# out. On torch a padding called "symmetric" repeats the edge, and average pooling "same" weighs the edge twice.
# bicubic has another curve on torch (where antialias is off).
# Who meets it: who trains a network for color with Keras on one backend and runs it on another, which is what Keras 3
# promises, or blurs the color of a photograph before it is laid over the scan: a green cast, a black input, seams
# along the edge, and no error.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d"
python3 -m venv v
# 2.13.0 of the package index brings CUDA; a wheel for processors alone does as well
v/bin/pip install -qq --no-compile keras==3.15.1 torch==2.13.0 jax==0.10.2 jaxlib==0.10.2 openvino==2026.4.1 numpy==2.4.6 2>/dev/null
cat > seen.py <<'EOS'
import json, sys

import keras, numpy as np
from keras import layers, ops

numbers = ops.convert_to_numpy
random = np.random.default_rng(0).random((1, 32, 32, 1)).astype(np.float32)
ramp = np.arange(6, dtype=np.float32)
square = np.tile(ramp[None, None, :, None], (1, 6, 1, 1))
step = np.float32(np.arange(8) > 3)[None, None, :, None].repeat(8, 1)
even = np.ones((1, 15, 15, 3), np.float32)
pixel = np.full((1, 4, 4, 3), (10, 100, 200), np.uint8)
small = {smooth: numbers(ops.image.resize(random, (4, 4), interpolation="bicubic", antialias=smooth)) for smooth in (False, True)}
seen = {
    "an even gray of 1, gaussian_blur": numbers(ops.image.gaussian_blur(even))[0, 7, 7],
    "the same, told channels_last": numbers(ops.image.gaussian_blur(even, data_format="channels_last"))[0, 7, 7],
    "rgb_to_grayscale of (10, 100, 200), 8 bits": numbers(ops.image.rgb_to_grayscale(pixel))[0, 0, 0],
    "the same as float": numbers(ops.image.rgb_to_grayscale(np.float32(pixel)))[0, 0, 0],
    "0 to 5 padded, symmetric": numbers(ops.pad(ramp, (3, 2), mode="symmetric")),
    "0 to 5, average pooling of 3 by 2, same": numbers(layers.AveragePooling2D(3, 2, padding="same")(square))[0, 0, :, 0],
    "a step made twice as large, bicubic": numbers(layers.UpSampling2D(2, interpolation="bicubic")(step))[0, 0, 5:9, 0],
    "32 to 4, bicubic: what antialias changes": np.abs(small[True] - small[False]).max(keepdims=True)[0, 0, 0],
}
seen = {name: np.round(value.astype(float), 2).tolist() for name, value in seen.items()}
json.dump({"version": keras.__version__, **seen}, open(sys.argv[1], "w"))
EOS
for backend in torch jax openvino; do KERAS_BACKEND=$backend v/bin/python -W ignore seen.py $backend.json 2>/dev/null; done
v/bin/python - <<'EOS'
import json, sys

seen = {backend: json.load(open(f"{backend}.json")) for backend in ("torch", "jax", "openvino")}
print("keras", *{found.pop("version") for found in seen.values()}, "torch 2.13.0, jax 0.10.2, openvino 2026.4.1")
for name in seen["torch"]:
    for backend, found in seen.items():
        print(f"{name}, {backend}: {found[name]}")
blur, told, gray, float_gray, padded, pooled, step, smooth = seen["torch"]
torch, jax, openvino = seen.values()
checks = {
    "blur": torch[blur] == jax[blur] == [0.73, 1, 0.73] and openvino[blur] == [1, 1, 1],
    "blur, told": torch[told] == jax[told] == openvino[told] == [1, 1, 1],
    "gray": torch[gray] == jax[gray] == [84] and openvino[gray] == [0] and openvino[float_gray] == [84.49],
    "padding": torch[padded][:3] == [0, 0, 0] and jax[padded][:3] == openvino[padded][:3] == [2, 1, 0],
    "pooling": jax[pooled] == openvino[pooled] != torch[pooled],
    "bicubic": jax[step] == openvino[step] != torch[step],
    "antialias": min(torch[smooth][0], jax[smooth][0]) > 0.1 and openvino[smooth] == [0],
}
if not all(checks.values()):
    sys.exit(f"CHANGED: {[name for name, right in checks.items() if not right]}")
EOS
