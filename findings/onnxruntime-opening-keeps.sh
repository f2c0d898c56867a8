#!/usr/bin/env bash
# A network of 8 million weights is 33 MB in the floats that it computes in. Opened by ONNX Runtime it makes the
# process 80 to 100 MB larger, whether the file has them in half precision or single: half of that is freed memory
# that glibc keeps, and one call of malloc_trim gives it back. Opened from bytes, as one does who has checked a hash,
# the file itself stays in memory too, for as long as the session.
# Who meets it: whoever colors with several processes on a small machine: each carries its network two to three times.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d"
python3 -m venv v
v/bin/pip install -qq --no-compile onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6
cat > make.py <<'EOS'
import numpy as np, onnx
from onnx import TensorProto, helper, numpy_helper

rng = np.random.default_rng(0)
for name, kind in (("half", np.float16), ("single", np.float32)):
    nodes, weights, last = [], [], "x"
    for i in range(14):  # 3 x 3 convolutions of 256 channels, 0.59 million weights each
        w = (rng.standard_normal((256, 256, 3, 3)) / 48).astype(kind)
        weights.append(numpy_helper.from_array(w, f"w{i}"))
        stored = f"w{i}"
        if kind is np.float16:
            nodes.append(helper.make_node("Cast", [stored], [f"f{i}"], to=TensorProto.FLOAT))
            stored = f"f{i}"
        nodes += [helper.make_node("Conv", [last, stored], [f"c{i}"], pads=[1, 1, 1, 1]), helper.make_node("Relu", [f"c{i}"], [f"r{i}"])]
        last = f"r{i}"
    value = lambda n: helper.make_tensor_value_info(n, TensorProto.FLOAT, [1, 256, None, None])
    graph = helper.make_graph(nodes, "g", [value("x")], [value(last)], weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10), f"{name}.onnx")
EOS
v/bin/python make.py
cat > open.py <<'EOS'
import ctypes, os, resource, sys

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
import numpy, onnxruntime

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 1e6

name, way = sys.argv[1:]
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
before = resident()
if way == "bytes":
    with open(name, "rb") as file:
        session = onnxruntime.InferenceSession(file.read(), options, providers=["CPUExecutionProvider"])
else:
    session = onnxruntime.InferenceSession(name, options, providers=["CPUExecutionProvider"])
opened = resident() - before
ctypes.CDLL(None).malloc_trim(0)
trimmed = resident() - before
print(f"{name} from {way}: file {os.path.getsize(name) / 1e6:.0f} MB, opened {opened:.0f} MB, after malloc_trim {trimmed:.0f} MB")
EOS
v/bin/python -c "import onnxruntime; print('onnxruntime', onnxruntime.__version__)"
for file in half single; do for way in path bytes; do v/bin/python open.py $file.onnx $way; done; done | tee seen
v/bin/python - <<'EOS' || { echo CHANGED; exit 1; }
import re

with open("seen") as file:
    rows = [[int(n) for n in re.findall(r"(\d+) MB", line)] for line in file]
for path, content in (rows[:2], rows[2:]):
    assert path[1] > 1.6 * path[2], "little is freed and kept"
    assert content[2] - path[2] > 0.8 * path[0], "the bytes are let go"
EOS
