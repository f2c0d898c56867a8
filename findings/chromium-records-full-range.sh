#!/usr/bin/env bash
# A canvas recorded by Chromium's MediaRecorder with its defaults is VP8 in WebM, of full range and with the matrix of
# 709; that stands in the WebM's header, as VP8 itself can say neither and by its own document means 601. Chromium
# plays it right. FFmpeg 9 prints the header ("pc, bt709") and decodes as limited range and 601 nevertheless, and so
# does PyAV: a gray of 10 is 0, 200 is 214, all above 234 is white, a green of 100, 200, 100 is 106, 232, 101; an MP4
# made of it by FFmpeg says 601 and limited, so that it is wrong for good. VP9 is right everywhere, and VP8 where
# FFmpeg is told `-vf scale=in_range=full:in_color_matrix=bt709`.
# Who meets it: whose page colors photographs or a film and lets the visitor record before and after: what plays right
# in the browser has another contrast and other colors wherever FFmpeg's libraries read it. Needs Chromium in the path.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d"
command -v chromium >/dev/null || { echo "needs Chromium 156"; exit 1; }
chromium --version 2>/dev/null
python3 -m venv v
v/bin/pip install -qq --no-compile numpy==2.4.6 imageio-ffmpeg==0.8.1 av==18.1.0
cat > index.html <<'EOS'
<!doctype html><meta charset="utf-8"><body><script type="module">
const send = (name, body) => fetch("/" + name, { method: "POST", body });
try {
  const canvas = document.createElement("canvas"), context = canvas.getContext("2d");
  [canvas.width, canvas.height] = [512, 128];
  document.body.append(canvas);
  const draw = () => {
    ["200 100 100", "100 200 100", "100 100 200", "220 190 160"].forEach((color, at) => {
      context.fillStyle = `rgb(${color})`;
      context.fillRect(128 * at, 0, 128, 64);
    });
    for (let level = 0; level < 256; level += 1) {
      context.fillStyle = `rgb(${level} ${level} ${level})`;
      context.fillRect(2 * level, 64, 2, 64);
    }
  };
  for (const [name, codec] of [["default", null], ["vp9", "video/webm;codecs=vp9"]]) {
    const options = { videoBitsPerSecond: 8e6, ...(codec && { mimeType: codec }) };
    const recorder = new MediaRecorder(canvas.captureStream(), options), parts = [];
    recorder.ondataavailable = ({ data }) => parts.push(data);
    const stopped = new Promise((done) => { recorder.onstop = done; });
    recorder.start();
    for (let frame = 0; frame < 15; frame += 1) {
      draw();
      await new Promise((done) => { setTimeout(done, 80); });
    }
    recorder.stop();
    await stopped;
    const film = document.createElement("video"), blob = new Blob(parts);
    await send(name + ".webm", blob);
    film.muted = true;
    film.src = URL.createObjectURL(blob);
    const painted = new Promise((done) => { film.requestVideoFrameCallback(done); });
    await film.play();
    await painted;
    film.pause();
    const copy = new OffscreenCanvas(512, 128), shown = copy.getContext("2d");
    shown.drawImage(film, 0, 0);
    await send(name + ".rgba", new Blob([shown.getImageData(0, 0, 512, 128).data]));
  }
} catch (error) { await send("error", String(error)); }
await send("end", "");
</script>
EOS
cat > record.py <<'EOS'
import http.server, subprocess, sys, threading

ended = threading.Event()


class Handler(http.server.SimpleHTTPRequestHandler):
    def do_POST(self):
        name, body = self.path[1:], self.rfile.read(int(self.headers["Content-Length"]))
        if name in ("default.webm", "vp9.webm", "default.rgba", "vp9.rgba"):
            open(name, "wb").write(body)
        elif name == "error":
            print("Chromium:", body.decode())
        self.send_response(204)
        self.end_headers()
        if name == "end":
            ended.set()

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
command = ["chromium", "--headless", "--no-sandbox", "--disable-dev-shm-usage", "--user-data-dir=profile", f"http://127.0.0.1:{server.server_port}/"]
browser = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
in_time = ended.wait(180)
browser.terminate()
browser.wait(30)
sys.exit(0 if in_time else "Chromium did not end in time")
EOS
v/bin/python record.py
v/bin/python - <<'EOS'
import re, subprocess, sys

import av, imageio_ffmpeg, numpy as np

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
print("FFmpeg", imageio_ffmpeg.get_ffmpeg_version(), "PyAV", av.__version__)
COLORS = [[200, 100, 100], [100, 200, 100], [100, 100, 200], [220, 190, 160]]
LEVELS = [10, 64, 128, 200, 245]
drawn = np.array(COLORS + [[level] * 3 for level in LEVELS], float)
# of full range and 709's matrix in the file, shown as limited and 601's
r, g, b = (0.2126, 0.7152, 0.0722)
luma = drawn @ [r, g, b]
blue, red = (drawn[:, 2] - luma) / (2 - 2 * b), (drawn[:, 0] - luma) / (2 - 2 * r)
light, blue, red = (luma - 16) * 255 / 219, blue * 255 / 224, red * 255 / 224
mistaken = np.stack([light + 1.402 * red, light - 0.344136 * blue - 0.714136 * red, light + 1.772 * blue], -1).clip(0, 255)


def at_places(picture):
    return np.array([picture[32, 128 * at + 64] for at in range(4)] + [picture[96, 2 * level + 1] for level in LEVELS]).astype(int)[:, :3]


def by_ffmpeg(name, *filters):
    command = [FFMPEG, "-v", "error", "-ss", "0.5", "-i", name, *filters, "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    return np.frombuffer(subprocess.run(command, capture_output=True, check=True).stdout, np.uint8).reshape(128, 512, 3)


def by_pyav(name):
    with av.open(name) as film:
        return list(film.decode(video=0))[5].to_ndarray(format="rgb24")


def says(name):
    said = subprocess.run([FFMPEG, "-i", name], capture_output=True, text=True).stderr
    return re.search(r"Video: (.*?), 512x128", said).group(1)


failed = []


def seen(what, picture, wanted):
    found = at_places(picture)
    print(f"{what}: {' '.join('/'.join(map(str, color)) for color in found)}")
    if np.abs(found - wanted).max() > 4:
        failed.append(what)


print("drawn", " ".join("/".join(str(int(value)) for value in color) for color in drawn))
for name in ("default", "vp9"):
    film, wanted = name + ".webm", mistaken if name == "default" else drawn
    print(f"{name} by FFmpeg's word: {says(film)}")
    if "pc, bt709" not in says(film) or ("vp8" in says(film)) != (name == "default"):
        failed.append(says(film))
    seen(f"{name} in Chromium", np.fromfile(name + ".rgba", np.uint8).reshape(128, 512, 4), drawn)
    seen(f"{name} by FFmpeg", by_ffmpeg(film), wanted)
    seen(f"{name} by PyAV", by_pyav(film), wanted)
    seen(f"{name} by FFmpeg, told", by_ffmpeg(film, "-vf", "scale=in_range=full:in_color_matrix=bt709"), drawn)
    subprocess.run([FFMPEG, "-v", "error", "-y", "-i", film, "-crf", "5", name + ".mp4"], check=True)
    seen(f"{name} made MP4 by FFmpeg ({says(name + '.mp4')})", by_ffmpeg(name + ".mp4"), wanted)
if failed:
    sys.exit(f"CHANGED: {failed}")
EOS
