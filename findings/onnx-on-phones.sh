#!/usr/bin/env bash
# ONNX operators that MNN 3.6, which phones use, and OpenCV 5's dnn open and compute otherwise than ONNX Runtime and
# ONNX's own reference. MNN: cubic Resize to a larger size is wrong by most of the range in the first row and column,
# to a smaller one right; additions by ScatterND and ScatterElements overwrite; GridSample's reflection is taken for
# the edge; ReduceL2 and ReduceLogSumExp of opset 18 sum over everything; Round takes halves away from zero; ArgMax
# takes the first of equals where the last is asked for. OpenCV: Resize by scales goes by the proportion of the sizes
# instead, average pooling with ceil_mode divides its last row by another count. Both: antialias is left out, cubic
# GridSample is a linear one, a convolution's SAME_LOWER pads on the other side. OpenCV says nothing; MNN's converter
# has a line for cubic GridSample, and the same line for the linear one, which is right.
# Who meets it: who exports a network for color and runs it on a phone or in OpenCV: colors shifted by a pixel, bins of
# a histogram that count to 1, and no error.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d"
python3 -m venv v
v/bin/pip install -qq --no-compile numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0 mnn==3.6.1 opencv-python-headless==5.0.0.93
cat > seen.py <<'EOS'
import os, sys
from importlib.metadata import version

import _tools, cv2, MNN.expr as E, MNN.nn as nn, numpy as np, onnx, onnxruntime
from onnx import helper
from onnx.reference import ReferenceEvaluator

report = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(os.open("log", os.O_WRONLY | os.O_CREAT), 1)  # what MNN's converter prints
print(*(f"{name} {version(name)}" for name in ("onnx", "onnxruntime", "mnn", "opencv-python-headless")), file=report)
onnxruntime.set_default_logger_severity(4)


def network(operator, inputs, constants, opset, names=None, **attributes):
    known = [onnx.numpy_helper.from_array(value, name) for name, value in constants.items()]
    given = [helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape) for name, value in inputs.items()]
    node = helper.make_node(operator, names or [*inputs, *constants], ["y"], **attributes)
    graph = helper.make_graph([node], "g", given, [onnx.ValueInfoProto(name="y")], known)
    model = onnx.shape_inference.infer_shapes(helper.make_model(graph, ir_version=9, opset_imports=[helper.make_opsetid("", opset)]))
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, "network.onnx")


def by_runtime(inputs):
    return onnxruntime.InferenceSession("network.onnx", providers=["CPUExecutionProvider"]).run(["y"], inputs)[0]


def by_reference(inputs):
    return ReferenceEvaluator("network.onnx").run(["y"], inputs)[0]


def by_mnn(inputs):
    _tools.mnnconvert(["mnnconvert", "-f", "ONNX", "--modelFile", "network.onnx", "--MNNModel", "network.mnn", "--bizCode", "b"])
    manager = nn.create_runtime_manager(({"precision": "high", "backend": "CPU", "numThread": 1},))
    net = nn.load_module_from_file("network.mnn", list(inputs), ["y"], runtime_manager=manager, shape_mutable=True)
    made = net.forward([E.const(np.ascontiguousarray(value), list(value.shape), E.NCHW, E.float) for value in inputs.values()])
    made = made[0] if isinstance(made, (list, tuple)) else made
    return np.array((E.convert(made, E.NCHW) if made.data_format == E.NC4HW4 else made).read())


def by_opencv(inputs):
    net = cv2.dnn.readNetFromONNX("network.onnx")
    for name, value in inputs.items():
        net.setInput(value, name)
    return net.forward("y")


random = np.random.default_rng(0)
x = random.random((1, 4, 8, 10)).astype(np.float32)
grid = np.stack(np.meshgrid(np.linspace(-1.17, 1.23, 9), np.linspace(-1.13, 1.31, 7)), -1)[None].astype(np.float32)
sized = ["x", "", "", "s"]
larger, smaller, channels = np.array([1, 4, 13, 17]), np.array([1, 4, 5, 4]), {"a": np.array([1])}
thrice = {"i": np.array([[0, 1, 2, 3], [0, 1, 2, 3], [0, 2, 5, 1]]), "u": np.float32([1, 2, 4])}
rows = {"i": np.zeros((1, 4, 2, 10), np.int64), "u": np.ones((1, 4, 2, 10), np.float32)}
kernel = {"w": random.normal(size=(6, 4, 2, 2)).astype(np.float32)}
halves = np.float32([[-2.5, -1.5, -0.5, 0.5, 1.5, 2.5]])
pool = {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1], "count_include_pad": 1}
# name: (operator, inputs, constants, opset, attributes), who is wrong
cases = {
    "Resize, cubic, larger": (("Resize", {"x": x}, {"s": larger}, 18, sized), {"mode": "cubic"}, "MNN"),
    "Resize, cubic, smaller": (("Resize", {"x": x}, {"s": smaller}, 18, sized), {"mode": "cubic"}, ""),
    "Resize, linear": (("Resize", {"x": x}, {"s": smaller}, 18, sized), {"mode": "linear"}, ""),
    "Resize, linear, antialias": (("Resize", {"x": x}, {"s": smaller}, 18, sized), {"mode": "linear", "antialias": 1}, "MNN OpenCV"),
    "Resize, linear, by 1.6 and 1.75": (("Resize", {"x": x}, {"s": np.float32([1, 1, 1.6, 1.75])}, 18, sized[:2] + ["s"]), {"mode": "linear"}, "OpenCV"),
    "GridSample, linear": (("GridSample", {"x": x, "g": grid}, {}, 20), {}, ""),
    "GridSample, linear, reflection": (("GridSample", {"x": x, "g": grid}, {}, 20), {"padding_mode": "reflection"}, "MNN"),
    "GridSample, cubic": (("GridSample", {"x": x, "g": grid}, {}, 20), {"mode": "cubic"}, "MNN OpenCV"),
    "ScatterND": (("ScatterND", {"x": x}, {"i": thrice["i"][1:], "u": thrice["u"][1:]}, 18), {}, ""),
    "ScatterND, add": (("ScatterND", {"x": x}, thrice, 18), {"reduction": "add"}, "MNN"),
    "ScatterElements, add": (("ScatterElements", {"x": x}, rows, 18), {"axis": 2, "reduction": "add"}, "MNN"),
    "ReduceMean over channels": (("ReduceMean", {"x": x}, channels, 18), {}, ""),
    "ReduceL2 over channels": (("ReduceL2", {"x": x}, channels, 18), {}, "MNN"),
    "ReduceLogSumExp over channels": (("ReduceLogSumExp", {"x": x}, channels, 18), {}, "MNN"),
    "Round of halves": (("Round", {"x": halves}, {}, 18), {}, "MNN"),
    "ArgMax, last of equals": (("ArgMax", {"x": np.round(x * 3)}, {}, 18), {"axis": 1, "select_last_index": 1}, "MNN"),
    "Conv, SAME_UPPER": (("Conv", {"x": x}, kernel, 18), {"auto_pad": "SAME_UPPER"}, ""),
    "Conv, SAME_LOWER": (("Conv", {"x": x}, kernel, 18), {"auto_pad": "SAME_LOWER"}, "MNN OpenCV"),
    "AveragePool, padding counted": (("AveragePool", {"x": x}, {}, 19), pool, ""),
    "AveragePool, padding counted, ceil_mode": (("AveragePool", {"x": x}, {}, 19), pool | {"ceil_mode": 1}, "OpenCV"),
}
failed = []
for name, (case, attributes, wrong) in cases.items():
    network(*case, **attributes)
    right = by_runtime(case[1])
    said, off = [], []
    for program, run in {"reference": by_reference, "MNN": by_mnn, "OpenCV": by_opencv}.items():
        made = run(case[1])
        far = f"shape {list(made.shape)}" if made.shape != right.shape else np.abs(made.astype(float) - right).max()
        said.append(f"{program} {far if isinstance(far, str) else f'{far:.2g}'}")
        if isinstance(far, str) or far > 1e-3:
            off.append(program)
    print(f"{name}, shape {list(right.shape)}, off by: {', '.join(said)}", file=report)
    if off != wrong.split():
        failed.append(name)
if failed:
    print(f"CHANGED: {failed}", file=report)
    sys.exit(1)
EOS
v/bin/python seen.py 2>/dev/null
