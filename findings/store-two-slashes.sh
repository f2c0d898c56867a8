#!/usr/bin/env bash
# One key with two slashes in a bucket ("albums//2.jpg", what scripts write that join "albums/" and "/2.jpg"),
# and obstore lists nothing: `list` raises for all of it, though the other keys are in order. pyarrow
# lists that key as a file, and refuses to open the very path that it gave. boto3 and s3fs list and read it.
# Who meets it: whoever colours an archive that lies in an S3-like store and was put there over years: one
# old upload stops the whole run, or there is a photograph that is listed and cannot be had.
set -euo pipefail
d=$(mktemp -d); trap 'kill $server 2>/dev/null || true; rm -rf "$d"' EXIT; cd "$d"
python3 -m venv v
v/bin/pip install -qq --no-compile "moto[server]==5.2.5" boto3==1.44.8 obstore==0.12.1 pyarrow==26.0.1
python3 -m venv w  # s3fs wants another botocore
w/bin/pip install -qq --no-compile s3fs==2026.9.0
export AWS_ACCESS_KEY_ID=a AWS_SECRET_ACCESS_KEY=b AWS_DEFAULT_REGION=us-east-1 port
port=$(v/bin/python -c "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); print(s.getsockname()[1])")
v/bin/moto_server -H 127.0.0.1 -p "$port" >/dev/null 2>&1 & server=$!
cat > ask.py <<'EOF'
import importlib.metadata, os, sys, time, urllib.request

PORT, KEY = os.environ["port"], "albums//2.jpg"
ADDRESS = f"http://127.0.0.1:{PORT}"


def told(package, *questions):
    answers = []
    for question in questions:
        try:
            answers.append(str(question()))
        except Exception as error:
            answers.append(f"raises {type(error).__name__}: {str(error).partition(chr(10))[0]}")
    print(package, importlib.metadata.version(package) + ": " + ", and reading it ".join(answers))


if sys.argv[1:] == ["s3fs"]:
    import s3fs

    store = s3fs.S3FileSystem(endpoint_url=ADDRESS)
    told("s3fs", lambda: f"lists {len(store.find('scans'))}", lambda: len(store.cat_file("scans/" + KEY)))
    sys.exit()
import boto3
from obstore.store import S3Store
from pyarrow import fs

for _ in range(100):
    try:
        urllib.request.urlopen(ADDRESS, timeout=2)
        break
    except OSError:
        time.sleep(0.2)
client = boto3.client("s3", endpoint_url=ADDRESS)
client.create_bucket(Bucket="scans")
for key in ("albums/1.jpg", KEY, "albums/3.jpg"):
    client.put_object(Bucket="scans", Key=key, Body=b"photograph")
told("boto3", lambda: f"lists {client.list_objects_v2(Bucket='scans')['KeyCount']}",
     lambda: len(client.get_object(Bucket="scans", Key=KEY)["Body"].read()))
store = S3Store("scans", endpoint=ADDRESS, client_options={"allow_http": True}, virtual_hosted_style_request=False)
told("obstore", lambda: f"lists {sum(map(len, store.list()))}", lambda: len(store.get(KEY).bytes()))
store = fs.S3FileSystem(endpoint_override=f"127.0.0.1:{PORT}", scheme="http")
files = [info.path for info in store.get_file_info(fs.FileSelector("scans", recursive=True)) if info.is_file]
told("pyarrow", lambda: f"lists {len(files)}", lambda: len(store.open_input_file(next(p for p in files if "//" in p)).read()))
EOF
{ v/bin/python ask.py; w/bin/python ask.py s3fs; } | tee seen
grep -q "^boto3 .*lists 3, and reading it 10$" seen && grep -q "^s3fs .*lists 3, and reading it 10$" seen &&
  grep -q "^obstore .*: raises .* and reading it raises " seen && grep -q "^pyarrow .*lists 3, and reading it raises " seen || { echo CHANGED; exit 1; }
