#!/usr/bin/env bash
# A black-and-white film that FFmpeg makes AV1 of (libaom keeps it as one channel, of full range, and says
# nothing of a matrix, since there is none) has crushed shadows and lights in Chromium: 10 is shown as 0
# and 200 as 214. Chromium passes the range over where matrix, curve and primaries are not all told, and
# `-colorspace bt709` and its like tell none: FFmpeg drops the matrix for grey. The same film by x264,
# which is full range without a matrix too, is right, as is AV1 with all three written by the filter
# av1_metadata. FFmpeg, by dav1d, reads it right.
# Who meets it: whoever shows an old film and its coloured copy side by side on a page: the original has
# another contrast. Needs Debian's chromium, or another Chromium, in the path.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d"
browser=$(command -v chromium) || { echo "needs Chromium 156"; exit 1; }
python3 -m venv v
v/bin/pip install -qq --no-compile imageio-ffmpeg==0.8.1
npm install --silent --no-audit --no-fund puppeteer-core@25.16.0 >/dev/null
ffmpeg() { "$(v/bin/python -c 'import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe())')" -v error -y "$@"; }
v/bin/python -c "import sys; sys.stdout.buffer.write(bytes(range(256)) * 64 * 24)" |
  ffmpeg -f rawvideo -pix_fmt gray -s 256x64 -r 24 -i - -c:v ffv1 film.mkv
ffmpeg -i film.mkv -crf 5 x264.mp4
ffmpeg -i film.mkv -c:v libaom-av1 -cpu-used 6 -crf 5 av1.mp4
ffmpeg -i film.mkv -c:v libaom-av1 -cpu-used 6 -crf 5 -colorspace bt709 -color_primaries bt709 -color_trc bt709 av1-told.mp4
ffmpeg -i av1.mp4 -c copy -bsf:v av1_metadata=color_primaries=1:transfer_characteristics=1:matrix_coefficients=1 av1-mended.mp4
for file in av1 x264; do
  echo "$file by FFmpeg: $(ffmpeg -i $file.mp4 -frames:v 1 -f rawvideo -pix_fmt gray - | v/bin/python -c "
import sys; row = sys.stdin.buffer.read()[32 * 256:]; print(*(row[at] for at in (10, 100, 200)))")"
done
cat > show.mjs <<'EOF'
import fs from "node:fs";
import puppeteer from "puppeteer-core";
const browser = await puppeteer.launch({ executablePath: process.argv[2], headless: "shell", args: ["--no-sandbox"] });
const page = await browser.newPage();
console.log(await browser.version());
for (const name of ["x264", "av1", "av1-told", "av1-mended"]) {
  const address = "data:video/mp4;base64," + fs.readFileSync(name + ".mp4").toString("base64");
  console.log(`${name} in Chromium: ` + await page.evaluate(async (source) => {
    const film = document.createElement("video");
    film.muted = true;
    film.src = source;
    try { await new Promise((done, fail) => { film.onloadeddata = done; film.onerror = fail; }); } catch { return "not opened"; }
    const painted = new Promise((done) => { film.requestVideoFrameCallback(done); });
    await film.play();
    await painted;
    film.pause();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [film.videoWidth, film.videoHeight];
    const context = canvas.getContext("2d");
    context.drawImage(film, 0, 0);
    const row = context.getImageData(0, 32, canvas.width, 1).data;
    return [10, 100, 200].map((at) => row[4 * at + 1]).join(" ");
  }, address));
}
await browser.close();
EOF
timeout 100 node show.mjs "$browser" | tee seen
grep -q "^x264 in Chromium: 10 100 200" seen && grep -q "^av1-mended in Chromium: 10 100 200" seen &&
  [ "$(grep -cE '^av1(-told)? in Chromium: 0 98 214' seen)" = 2 ] || { echo CHANGED; exit 1; }
