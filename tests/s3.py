"""An S3 store on this machine, for tests."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import boto3
import pytest
from moto.s3.models import s3_backends
from moto.server import ThreadedMotoServer

from colorear.batch import conditional, filesystems

BUCKET = "photographs"


@contextmanager
def served() -> Iterator["Bucket"]:
    """A bucket that pyarrow finds, as the environment tells where it is."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        environment.setenv("AWS_ACCESS_KEY_ID", "nobody")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "nothing")
        environment.setenv("AWS_DEFAULT_REGION", "us-east-1")
        environment.setenv("AWS_EC2_METADATA_DISABLED", "true")
        for client in (filesystems.filesystem_of, conditional._client):
            client.cache_clear()  # it would go on with the server before this one
        yield Bucket(boto3.client("s3"))
    server.stop()


class Bucket:
    """What is in it, seen by a client that is not ours."""

    def __init__(self, client) -> None:
        self._client = client
        client.create_bucket(Bucket=BUCKET)
        self.empty()  # all servers of a process share what they hold

    def empty(self) -> None:
        for key in self.names():
            self._client.delete_object(Bucket=BUCKET, Key=key)

    def put(self, folder: Path, within: str) -> None:
        """Copy a folder there."""
        for path in folder.rglob("*"):
            if path.is_file():
                self.write(f"{within}/{path.relative_to(folder)}", path.read_bytes())

    def write(self, key: str, content: bytes) -> None:
        self._client.put_object(Bucket=BUCKET, Key=key, Body=content)

    def age(self, key: str, seconds: float) -> None:
        """Have it be of so many seconds ago, by the clock of the store."""
        (buckets,) = (account["global"].buckets for _, account in s3_backends.items())
        buckets[BUCKET].keys[key].last_modified -= timedelta(seconds=seconds)

    def read(self, key: str) -> bytes:
        return self._client.get_object(Bucket=BUCKET, Key=key)["Body"].read()

    def kind(self, key: str) -> str:
        return self._client.head_object(Bucket=BUCKET, Key=key)["ContentType"]

    def delete(self, key: str) -> None:
        self._client.delete_object(Bucket=BUCKET, Key=key)

    def names(self) -> list[str]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
        return [entry["Key"] for page in pages for entry in page.get("Contents", ())]

    def files(self, within: str) -> dict[str, bytes]:
        """What people see in a folder."""
        keys = [key for key in self.names() if key.startswith(f"{within}/")]
        seen = [key for key in keys if "/.colorear" not in key and not key.endswith("/")]
        return {key.removeprefix(f"{within}/"): self.read(key) for key in seen}
