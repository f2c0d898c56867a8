#!/usr/bin/env bash
# ONNX operators that OpenVINO opens, computes otherwise than ONNX Runtime and ONNX's own reference, and says nothing:
# sums and differences of uint8 stop at 0 and 255, where the others wrap (3 - 5 is 0 and 254); TopK gives the places
# of equal values in another order (of twelve ones the second first and the first seventh), where ONNX wants the
# earlier before the later; Resize leaves out keep_aspect_ratio_policy, so that the result has another shape and the
# picture other proportions, and exclude_outside; AveragePool with padding and ceil_mode divides the last row by
# another count. A Softmax of opset 11 sums over its axis alone, as later ones do, and not over all that follow (here
# ONNX Runtime alone goes by the text).
# Who meets it: who exports a network for color and serves it by OpenVINO since it is the faster one on Intel's
# processors: the first of equally likely color bins (many are equal after quantization) is another, a picture made to
# fit a square is pulled to fill it, and a test by one photograph may pass.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d"
python3 -m venv v
v/bin/pip install -qq --no-compile numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0 openvino==2026.4.1
cat > seen.py <<'EOS'
import sys
from importlib.metadata import version

import numpy as np, onnx, onnxruntime, openvino
from onnx import helper
from onnx.reference import ReferenceEvaluator

print(*(f"{name} {version(name)}" for name in ("onnx", "onnxruntime", "openvino")))
onnxruntime.set_default_logger_severity(4)
core = openvino.Core()
core.set_property("CPU", {"INFERENCE_NUM_THREADS": 1, "INFERENCE_PRECISION_HINT": "f32"})


def answers(operator, inputs, initializers, opset, outputs=("y",), **attributes):
    known = [onnx.numpy_helper.from_array(value, name) for name, value in initializers.items()]
    given = [helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape) for name, value in inputs.items()]
    names = [*inputs, *(["", "", "s"] if operator == "Resize" else initializers)]
    graph = helper.make_graph([helper.make_node(operator, names, outputs, **attributes)], "g", given, [onnx.ValueInfoProto(name=name) for name in outputs], known)
    model = onnx.shape_inference.infer_shapes(helper.make_model(graph, ir_version=9, opset_imports=[helper.make_opsetid("", opset)]))
    onnx.checker.check_model(model, full_check=True)
    compiled = core.compile_model(core.read_model(model.SerializeToString(), b""), "CPU")
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return {
        "ONNX Runtime": session.run(["y"], inputs)[0],
        "reference": ReferenceEvaluator(model).run(["y"], inputs)[0],
        "OpenVINO": compiled(inputs)[compiled.output("y")],
    }


def shown(value):
    return f"shape {list(value.shape)}, {np.round(value.reshape(-1)[-7:].astype(float), 3).tolist()}"


picture = np.random.default_rng(0).random((1, 2, 8, 10)).astype(np.float32)
low, high = np.array([3, 200], np.uint8), np.array([5, 100], np.uint8)
size = {"s": np.array([20, 20], np.int64)}
ties = np.ones((1, 12), np.float32)
cases = {
    "Sub of uint8": ("Sub", {"x": low}, {"b": high}, 14, {}),
    "Add of uint8": ("Add", {"x": low}, {"b": high}, 14, {}),
    "TopK's places": ("TopK", {"x": ties}, {"k": np.array([7], np.int64)}, 18, {"outputs": ("values", "y")}),
    "Resize, keep_aspect_ratio_policy": ("Resize", {"x": picture}, size, 18, {"mode": "linear", "axes": [2, 3], "keep_aspect_ratio_policy": "not_larger"}),
    "Resize, exclude_outside": ("Resize", {"x": picture}, {"s": np.array([1, 2, 13, 17], np.int64)}, 18, {"mode": "cubic", "exclude_outside": 1}),
    "AveragePool, ceil_mode and padding": ("AveragePool", {"x": picture}, {}, 19, {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1], "count_include_pad": 1, "ceil_mode": 1}),
    "Softmax of opset 11": ("Softmax", {"x": picture}, {}, 11, {"axis": 1}),
}
failed = []
for name, (operator, inputs, initializers, opset, more) in cases.items():
    found = answers(operator, inputs, initializers, opset, **more)
    for program, value in found.items():
        print(f"{name}, {program}: {shown(value)}")
    right = found["ONNX Runtime"]

    def same(program):
        return found[program].shape == right.shape and np.allclose(found[program].astype(float), right.astype(float), atol=1e-4)

    if same("OpenVINO") or same("reference") != (operator != "Softmax"):
        failed.append(name)
if failed:
    sys.exit(f"CHANGED: {failed}")
EOS
v/bin/python seen.py
