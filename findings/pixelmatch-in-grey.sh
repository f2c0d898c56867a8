#!/usr/bin/env bash
# pixelmatch, the comparison behind most screenshot tests, says that it works in a perceptual colour
# space. Set against its grey copy of equal luma, seven eighths of a colour photograph count as the same
# at its default threshold. A page that lost all its colour passes a test which allows 15 % to differ.
# Who meets it: whoever guards a colouriser's pictures or page by such tests.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d"
python3 -m venv v
v/bin/pip install -qq --no-compile scikit-image==0.26.0
npm install --silent --no-audit --no-fund pixelmatch@7.2.0 pngjs@7.0.0 >/dev/null
v/bin/python - <<'EOF'
import numpy as np
from skimage import data, io

color = data.astronaut()[:256, :256]
luma = color @ [0.299, 0.587, 0.114]
chroma = color - luma[..., None]
for name, strength in (("color", 1), ("gray", 0), ("turned", -1)):  # turned: every hue by 180 degrees
    picture = (luma[..., None] + strength * chroma).round().clip(0, 255).astype(np.uint8)
    io.imsave(name + ".png", picture, check_contrast=False)
print("mean distance from grey:", np.hypot(*np.moveaxis(chroma[..., [0, 2]], -1, 0)).mean().round(1), "levels")
EOF
cat > match.mjs <<'EOF'
import fs from "fs";
import pixelmatch from "pixelmatch";
import { PNG } from "pngjs";
const read = name => PNG.sync.read(fs.readFileSync(name + ".png"));
const color = read("color"), size = color.width * color.height;
const part = name => 100 * pixelmatch(color.data, read(name).data, null, color.width, color.height) / size;
const gray = part("gray"), turned = part("turned");
console.log(`pixelmatch 7.2.0: differing from the photograph: grey copy ${gray.toFixed(1)} %, all hues turned round ${turned.toFixed(1)} %`);
process.exit(gray < 20 && turned < 50 ? 0 : 1);
EOF
node match.mjs || { echo CHANGED; exit 1; }
