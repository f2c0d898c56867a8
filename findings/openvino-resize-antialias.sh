#!/usr/bin/env bash
# ONNX's Resize has an attribute `antialias`. ONNX Runtime and tract obey it; OpenVINO opens the model
# without a word and leaves it out: its answer is, to the last digit, that of the same model without it, up
# to thirty of 255 levels off for a fine pattern made smaller.
# Who meets it: whoever puts "make smaller" into the network's file, so that every program feeds it alike, and
# then runs it on OpenVINO: grain and cloth turn into moiré before the network sees them.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d"
python3 -m venv v
v/bin/pip install -qq --no-compile numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0 openvino==2026.4.1 tract==0.23.9
export CI=1  # see onnxruntime-telemetry.sh
v/bin/python -W ignore - <<'EOF'
import importlib.metadata, sys
import numpy as np, onnx, onnxruntime, openvino, tract
from onnx import TensorProto, helper, numpy_helper

rng = np.random.default_rng(0)
y, x = np.mgrid[:480, :640]
picture = 128 + 60 * np.sin(x / 3.1) + 50 * np.cos(y / 4.7) + rng.normal(0, 9, y.shape)
picture = picture.astype(np.float32)[None, None]
for name, antialias in (("smooth", 1), ("plain", 0)):
    node = helper.make_node("Resize", ["x", "", "", "size"], ["y"], mode="linear", antialias=antialias)
    graph = helper.make_graph(
        [node], "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, picture.shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 1, 145, 193])],
        [numpy_helper.from_array(np.int64([1, 1, 145, 193]), "size")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, name + ".onnx")

runs = {
    "onnxruntime": lambda name: onnxruntime.InferenceSession(name).run(None, {"x": picture})[0],
    "openvino": lambda name: next(iter(openvino.Core().compile_model(name, "CPU")([picture]).values())),
    "tract": lambda name: tract.onnx().load(name).into_model().into_runnable().run([picture])[0].to_numpy(),
}
answers = {(who, name): run(name + ".onnx") for who, run in runs.items() for name in ("smooth", "plain")}
off = {}
for who in runs:
    version = importlib.metadata.version(who)
    for name in ("smooth", "plain"):
        off[who, name] = float(np.abs(answers[who, "smooth"] - answers["onnxruntime", name]).max())
    print(f"{who} {version}, asked for antialias: {off[who, 'smooth']:.3f} levels at most from ONNX Runtime's",
          f"with it, {off[who, 'plain']:.3f} from ONNX Runtime's without")
if off["tract", "smooth"] > 0.01 or off["openvino", "smooth"] < 20 or off["openvino", "plain"] > 0.01:
    sys.exit("CHANGED")
EOF
