#!/usr/bin/env bash
# exifr reads the XMP of a TIFF, and so the mark that a picture is partly synthetic, if it is asked for
# XMP. Asked for XMP and IPTC, or for everything (`true`), it gives nothing of either for the same file, only
# a list of errors that nobody looks for; of a JPEG it gives both. exiftool reads all of it.
# Who meets it: a gallery that asks for everything and labels synthetic colour: TIFFs go unlabelled.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d"
python3 -m venv v
v/bin/pip install -qq numpy==2.4.6 pillow==12.3.0
npm install --silent --no-audit --no-fund exifr@7.1.3 exiftool-vendored.pl@13.59.3 >/dev/null
v/bin/python -c "
import numpy as np
from PIL import Image
picture = Image.fromarray(np.tile(np.arange(96, dtype=np.uint8)[:, None], (64, 1, 3)))
picture.save('a.jpg'); picture.save('a.tif')"
tool=node_modules/exiftool-vendored.pl/bin/exiftool
for file in a.jpg a.tif; do
  perl "$tool" -q -overwrite_original -IPTC:Caption-Abstract="a caption" \
    -XMP-iptcExt:DigitalSourceType=http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia "$file"
  echo "exiftool $(perl "$tool" -ver), $file: $(perl "$tool" -s3 -XMP-iptcExt:DigitalSourceType -IPTC:Caption-Abstract "$file" | wc -l) of 2"
done
cat > read.cjs <<'EOF'
const fs = require("fs"), exifr = require("exifr");
(async () => {
  for (const name of ["a.jpg", "a.tif"])
    for (const [title, options] of [["XMP", { xmp: true }], ["XMP and IPTC", { xmp: true, iptc: true }], ["all", true]]) {
      const found = await exifr.parse(fs.readFileSync(name), options);
      console.log(`exifr 7.1.3, ${name}, asked for ${title}:`, found.DigitalSourceType ? "mark" : "no mark",
        found.errors ? "(errors: " + found.errors.length + ")" : "");
    }
})();
EOF
node read.cjs | sed 's/ *$//' | tee seen
[ "$(grep -c 'a.jpg.*: mark' seen)" = 3 ] && grep -q "a.tif, asked for XMP: mark" seen &&
  grep -q "a.tif, asked for XMP and IPTC: no mark" seen && grep -q "a.tif, asked for all: no mark" seen || { echo CHANGED; exit 1; }
