#!/usr/bin/env bash
# sharp's withGainMap, which makes a new gain map for a phone's HDR photograph, lays the old map of the whole
# picture over a crop of it: what was bright elsewhere comes back in the crop as a pale spot, also on
# screens without HDR. (sharp cuts first and brings to HDR afterwards, and does not cut the map.) With
# keepGainMap, or in two steps, first withGainMap and then the cut, the crop is right. And a picture made
# grey by withGainMap has one level, 188, in all that is brighter than white.
# Who meets it: whoever takes a phone's picture of an old print, cuts the print out and goes on in HDR: a lamp
# or window beside the print shines through it, and is coloured.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d"
python3 -m venv v
v/bin/pip install -qq --no-compile numpy==2.4.6 pyvips==3.2.0 pyvips-binary==8.18.7
npm install --silent --no-audit --no-fund sharp@0.35.5 >/dev/null
v/bin/python - <<'EOF'
import numpy as np, pyvips

# a soft scene, 1 for white; a lamp four times as bright at the right
down, across = np.mgrid[0:240, 0:320]
lamp = 4 * np.exp(-((across - 260) ** 2 + (down - 50) ** 2) / (2 * 25**2))
light = 0.05 + 0.8 * across / 320 + lamp
scene = np.stack([light, light * 0.8, light * 0.6], -1).astype(np.float32)
pyvips.Image.new_from_array(scene, interpretation="scrgb").uhdrsave("hdr.jpg", Q=95)
EOF
cat > crop.cjs <<'EOF'
const sharp = require("sharp");
const ways = { plain: (x) => x, keepGainMap: (x) => x.keepGainMap(), withGainMap: (x) => x.withGainMap() };
const jpeg = (pipeline) => pipeline.jpeg({ quality: 100 }).toBuffer();
const apart = (a, b) => a.reduce((most, value, at) => Math.max(most, Math.abs(value - b[at])), 0);
const area = { left: 0, top: 120, width: 100, height: 100 };
const lamp = { left: 225, top: 40, width: 40, height: 20 };
(async () => {
  for (const [name, way] of Object.entries(ways)) {
    const whole = await jpeg(way(sharp("hdr.jpg")));
    const cut = await sharp(await jpeg(way(sharp("hdr.jpg")).extract(area))).raw().toBuffer();
    const expected = await sharp(whole).extract(area).raw().toBuffer();
    console.log(`sharp ${sharp.versions.sharp}, ${name}: cut out in one step and in two, ${apart(cut, expected)} levels apart`);
    const grey = await sharp(await jpeg(way(sharp("hdr.jpg")).grayscale())).toColourspace("b-w").extract(lamp).raw().toBuffer();
    console.log(`${name}, grey: ${Math.min(...grey)} to ${Math.max(...grey)} in the lamp`);
  }
})();
EOF
node crop.cjs | tee seen
number() { sed -n "s/.* $1: cut out in one step and in two, \([0-9]*\) levels apart/\1/p" seen; }
[ "$(number plain)" -le 4 ] && [ "$(number keepGainMap)" -le 4 ] && [ "$(number withGainMap)" -ge 40 ] &&
  grep -q "^withGainMap, grey: 188 to 188 " seen && grep -q "^plain, grey: 196 to 216 " seen || { echo CHANGED; exit 1; }
