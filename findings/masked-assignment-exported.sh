#!/usr/bin/env bash
# y[mask] = values, exported to ONNX by torch 2.13 with an ONNX Script of before 0.7.2 beside it (pip has nothing
# against the pair, the export ends well, ONNX's checker is content), becomes a Where that lays the list of values
# along the rows. With one place in the mask it is right; with as many as a row is long the values go to other places,
# without a word; with any other number, none too, it ends with an error about axes. By 0.7.2 it is right.
# Who meets it: who writes what a colouriser does with colours outside the gamut ("only these places") in torch, and
# tries the exported network by one picture, or none: others fail, and one is wrong without a word.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d"
python3 -m venv v
# 2.13.0 of the package index brings CUDA; a wheel for processors alone does as well
v/bin/pip install -qq --no-compile torch==2.13.0 numpy==2.4.6 onnx==1.23.2 onnx-ir==1.1.0 onnxruntime==1.32.0 onnxscript==0.7.1 2>/dev/null
cat > seen.py <<'EOS'
import warnings

import numpy as np, onnx, onnxruntime, onnxscript, torch

warnings.simplefilter("ignore")


class Halved(torch.nn.Module):
    def forward(self, picture):
        made = picture.clone()
        outside = made > 0.5
        made[outside] = made[outside] * 0.5
        return made


torch.onnx.export(Halved().eval(), (torch.rand(4, 5),), "a.onnx", dynamo=True, verbose=False)
onnx.checker.check_model("a.onnx", full_check=True)
session = onnxruntime.InferenceSession("a.onnx", providers=["CPUExecutionProvider"])
said = []
for places in ([], [(1, 2)], [(0, 0), (2, 3)], [(0, 4), (1, 3), (2, 2), (3, 1), (3, 0)]):
    picture = np.zeros((4, 5), np.float32)
    for number, place in enumerate(places):
        picture[place] = 0.6 + 0.08 * number
    try:
        made = session.run(None, {session.get_inputs()[0].name: picture})[0]
        right = np.array_equal(made, Halved()(torch.from_numpy(picture)).numpy())
        said.append(f"{len(places)} {'right' if right else 'WRONG'}")
    except Exception:
        said.append(f"{len(places)} an error")
print("torch", torch.__version__.partition("+")[0], "ONNX Script", onnxscript.__version__, "places in the mask:", ", ".join(said))
EOS
v/bin/pip check
v/bin/python seen.py 2>/dev/null | grep places | tee seen
v/bin/pip install -qq --no-compile onnxscript==0.7.2
v/bin/python seen.py 2>/dev/null | grep places | tee -a seen
grep -q "0.7.1 places in the mask: 0 an error, 1 right, 2 an error, 5 WRONG" seen || { echo CHANGED; exit 1; }
grep -q "0.7.2 places in the mask: 0 right, 1 right, 2 right, 5 right" seen || { echo CHANGED; exit 1; }
