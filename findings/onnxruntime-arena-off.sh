#!/usr/bin/env bash
# ONNX Runtime's arena holds memory between runs; switching it off is the usual advice where memory is
# short. With pictures of one size it helps. With pictures of ever new sizes, all smaller than the
# first, the process takes over twice as much as with the arena on. Switching off the planning of memory
# (`enable_mem_pattern`) and keeping the arena is what helps.
# Who meets it: whoever colours a folder of photographs of all sizes on a small machine.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d"
python3 -m venv v
v/bin/pip install -qq --no-compile numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0
cat > run.py <<'EOF'
import sys
import numpy as np, onnxruntime
from onnx import TensorProto, helper, numpy_helper

rng = np.random.default_rng(0)
shapes = [(16, 3, 3, 3), (32, 16, 3, 3), (32, 32, 3, 3), (2, 32, 1, 1)]
weights = [numpy_helper.from_array(rng.normal(0, 0.1, s).astype(np.float32), f"w{i}")
           for i, s in enumerate(shapes)]
nodes = [
    helper.make_node("Conv", ["x", "w0"], ["a"], pads=[1] * 4), helper.make_node("Relu", ["a"], ["b"]),
    helper.make_node("Conv", ["b", "w1"], ["c"], pads=[1] * 4), helper.make_node("Relu", ["c"], ["d"]),
    helper.make_node("Conv", ["d", "w2"], ["e"], pads=[1] * 4), helper.make_node("Add", ["e", "d"], ["f"]),
    helper.make_node("Conv", ["f", "w3"], ["y"]),
]
graph = helper.make_graph(
    nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, "h", "w"])],
    [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)], weights)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
options.enable_cpu_mem_arena = "noarena" not in sys.argv
options.enable_mem_pattern = "nopattern" not in sys.argv
session = onnxruntime.InferenceSession(model.SerializeToString(), options)


def megabytes():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * 4096 >> 20


for h, w in [(512, 512), (512, 512), *rng.integers(100, 512, (400, 2))]:
    session.run(None, {"x": np.zeros((1, 3, h, w), np.float32)})
    if (h, w) == (512, 512):
        first = megabytes()
print(first, megabytes())
EOF
export CI=1  # without it this library writes files into the home folder, see onnxruntime-telemetry.sh
on=$(v/bin/python run.py); off=$(v/bin/python run.py noarena); pattern=$(v/bin/python run.py nopattern)
echo "onnxruntime 1.32.0; MB after the largest picture, and after 400 more of other sizes:"
echo "as it comes: $on"; echo "arena off: $off"; echo "arena on, memory patterns off: $pattern"
[ "${off#* }" -gt $((${on#* } * 3 / 2)) ] && [ "${pattern#* }" -lt "${on#* }" ] || { echo CHANGED; exit 1; }
