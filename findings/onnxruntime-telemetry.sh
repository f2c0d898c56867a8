#!/usr/bin/env bash
# Importing ONNX Runtime, without opening a model, writes an id of the device and a small database into
# the home folder. Where the variable CI is set it does not, so that no build machine ever shows it.
# ORT_DISABLE_TELEMETRY=1, set before the import, stops it.
# Who meets it: whoever promises that photographs and all about them stay on the machine.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d"
python3 -m venv v
v/bin/pip install -qq --no-compile numpy==2.4.6 onnxruntime==1.32.0
seen=""
for setting in NOTHING=1 CI=true ORT_DISABLE_TELEMETRY=1; do
  mkdir "$setting"
  env -i PATH="$PATH" HOME="$d/$setting" "$setting" v/bin/python -c "import onnxruntime" >/dev/null 2>&1
  files=$(cd "$setting" && find . -type f | sort | tr '\n' ' ')
  echo "onnxruntime 1.32.0, $setting: ${files:-nothing written}"
  seen="$seen $(find "$setting" -name deviceid | wc -l)"
done
[ "$seen" = " 1 0 0" ] || { echo CHANGED; exit 1; }
