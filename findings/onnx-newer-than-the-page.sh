#!/usr/bin/env bash
# onnx's own helper, left to its defaults, makes a model that the onnxruntime-web of the same autumn
# refuses: its format version (IR 14) is one too new. The onnxruntime for Python takes it, so nothing is
# noticed until the page is opened. Naming `ir_version` when the model is made is the way out.
# Who meets it: whoever exports a colouriser with today's onnx and puts it on a web page.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d"
python3 -m venv v
v/bin/pip install -qq --no-compile onnx==1.23.2 onnxruntime==1.32.0
npm install --silent --no-audit --no-fund --ignore-scripts onnxruntime-web@1.30.0 >/dev/null
export CI=1  # see onnxruntime-telemetry.sh
v/bin/python - <<'EOF'
import onnx, onnxruntime
from onnx import TensorProto, helper

x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [2]) for name in "xy")
graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", [x], [y])
for name, settings in (("default", {}), ("older", {"ir_version": 10, "opset_imports": [helper.make_opsetid("", 18)]})):
    model = helper.make_model(graph, **settings)
    onnx.save(model, name + ".onnx")
    onnxruntime.InferenceSession(name + ".onnx", providers=["CPUExecutionProvider"])
    print(f"{name}: IR {model.ir_version}, opset {model.opset_import[0].version}:",
          f"onnx {onnx.__version__} makes it, onnxruntime {onnxruntime.__version__} opens it")
EOF
cat > open.mjs <<'EOF'
import fs from "fs";
import * as ort from "onnxruntime-web";
ort.env.wasm.numThreads = 1;
const opens = async name => {
  try { await ort.InferenceSession.create(new Uint8Array(fs.readFileSync(name + ".onnx"))); return "opens it"; }
  catch (error) { return "refuses it: " + (/Unsupported model IR.*?\d+.*?\d+/.exec(error.message) ?? [error.message])[0]; }
};
console.log("onnxruntime-web", ort.env.versions.web, "and default.onnx:", await opens("default"));
console.log("onnxruntime-web", ort.env.versions.web, "and older.onnx:", await opens("older"));
process.exit(0);
EOF
node open.mjs | tee seen
grep -q "default.onnx: refuses it: Unsupported model IR version" seen && grep -q "older.onnx: opens it" seen || { echo CHANGED; exit 1; }
