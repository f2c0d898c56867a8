#!/usr/bin/env bash
# Sound in German, put into a MOV file by FFmpeg: with the language "ger" it is kept, with "deu" it is lost
# without a word, and so are "swe", "nld" and "ell", while "sve", "dut" and "gre" are kept. "hrv" and "srp"
# are lost in every spelling. QuickTime had numbers for some languages, and FFmpeg looks them up by one
# spelling each; the same packets in MP4 or Matroska keep them all.
# Who meets it: whoever colours a film with several languages into the MOV it came in: viewers choose
# between tracks without names.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d"
python3 -m venv v
v/bin/pip install -qq numpy==2.4.6 av==18.1.0
v/bin/python - <<'EOF'
import sys
import av, numpy as np

print("PyAV", av.__version__, "FFmpeg", av.ffmpeg_version_info)
languages = ["eng", "deu", "ger", "swe", "sve", "nld", "dut", "ell", "gre", "hrv", "srp"]
lost = {}
for ending in ("mov", "mp4", "mkv"):
    with av.open("film." + ending, "w") as file:
        streams = [file.add_stream("pcm_s16le", rate=8000, layout="mono") for _ in languages]
        for stream, language in zip(streams, languages):
            stream.metadata["language"] = language
        for stream in streams:
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 80), np.int16), layout="mono")
            frame.sample_rate = 8000
            file.mux(stream.encode(frame))
            file.mux(stream.encode(None))
    with av.open("film." + ending) as file:
        found = [stream.language for stream in file.streams.audio]
    lost[ending] = [a for a, b in zip(languages, found) if a != b]
    print(ending, "lost:", " ".join(lost[ending]) or "none")
if lost != {"mov": ["deu", "swe", "nld", "ell", "hrv", "srp"], "mp4": [], "mkv": []}:
    sys.exit("CHANGED")
EOF
