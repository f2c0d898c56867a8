"""Shards into a device's memory, those that come later too, while training goes on."""

import os
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from colorear.errors import DataError
from colorear.training.datasets.photo_buffer import PhotoBuffer
from colorear.training.datasets.shards import SUFFIX, Shard, ShardError, read_contents, read_shard

__all__ = ["ShardLoader", "device_memory"]

_SHARE = 0.45  # of the free memory; a step of training needs the rest
_LATER = 2  # on a CPU, whose memory others use too: so many times what lies there at first
_POLL_SECONDS = 1.0

Pixels = NDArray[np.uint8]
_Signature = tuple[str, int, int]  # name, size, time of the last change


def device_memory(device: torch.device) -> int:
    """Free bytes of a device's memory."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES")


class ShardLoader:
    """Decodes the shards of a folder once, in a thread of its own.

    A shard that is cut or wrong is left out, and so are photographs that an earlier shard has. When
    such a file changes, as while it is copied, it is tried again.

    Parameters
    ----------
    folder
        Of the shards.
    device
        Where the photographs are to be.
    tell
        Is called with a sentence on each shard; from the thread, too.

    Raises
    ------
    DataError
        The folder has no whole shard, or the photographs do not fit the device's memory.
    """

    def __init__(self, folder: Path, device: torch.device, tell: Callable[[str], None]) -> None:
        self.folder, self.tell = folder, tell
        self.read: dict[str, dict[str, object]] = {}
        """By the SHA-256 of each shard that was taken in: its name, photographs and groups."""
        self.left_out: dict[str, str] = {}
        """Why, by the name of each shard that was not."""
        self.duplicates = 0
        self._seen: set[_Signature] = set()
        self._digests: set[str] = set()
        self._error: Exception | None = None
        self._stopped = threading.Event()
        self.photographs = PhotoBuffer(self._capacity(device), device)
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def begin(self) -> None:
        """Take in the first whole shard, then the others meanwhile. Raises DataError."""
        while not len(self.photographs):
            waiting = self._waiting()
            if not waiting:
                reasons = "; ".join(self.left_out.values())
                raise DataError(f"{self.folder}: no shard could be used ({reasons})")
            self._take(waiting[0])
        self._thread.start()

    def refresh(self) -> bool:
        """Draw from what was taken in by now; says whether that is more. Raises what went wrong."""
        if self._error:
            raise self._error
        return self.photographs.refresh()

    def stop(self) -> None:
        """End the thread, after the shard that it is at."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def _capacity(self, device: torch.device) -> int:
        """Bytes for pixels."""
        needed = 0
        for path in self._paths():
            try:
                needed += read_contents(path).decoded_bytes
            except ShardError:
                continue  # it is told when its turn comes
        if not needed and not self._paths():
            raise DataError(
                f"{self.folder}: holds no shards (*{SUFFIX}); make some with: colorear data pack"
            )
        free = device_memory(device)
        room = int(_SHARE * free)
        if needed > room:
            raise DataError(
                f"{self.folder}: its photographs take {needed / 1e9:.3g} GB decoded, and "
                f"{device} has {free / 1e9:.3g} GB free, of which {room / 1e9:.3g} GB may hold "
                "photographs; give fewer shards, or pack them smaller"
            )
        return room if device.type != "cpu" else min(room, _LATER * needed)

    def _paths(self) -> list[Path]:
        return sorted(self.folder.glob(f"*{SUFFIX}"))

    def _waiting(self) -> list[Path]:
        return [path for path in self._paths() if _signature(path) not in self._seen]

    def _watch(self) -> None:
        try:
            while not self._stopped.is_set():
                waiting = self._waiting()
                if waiting:
                    self._take(waiting[0])
                else:
                    self._stopped.wait(_POLL_SECONDS)
        except Exception as error:  # whatever it is, training must end with it
            self._error = error

    def _take(self, path: Path) -> None:
        self._seen.add(_signature(path))
        try:
            shard = read_shard(path)
            self._decode(path, shard)
        except ShardError as error:
            self.left_out[path.name] = str(error)
            self.tell(f"{error}; it is left out")
            return
        self.left_out.pop(path.name, None)

    def _decode(self, path: Path, shard: Shard) -> None:
        contents = shard.contents
        if contents.sha256 in self.read:
            raise ShardError(f"{path}: repeats {self.read[contents.sha256]['name']}")
        new = [i for i, digest in enumerate(contents.digests) if digest not in self._digests]
        needed = sum(3 * contents.heights[i] * contents.widths[i] for i in new)
        if needed > self.photographs.free:
            free = self.photographs.free
            raise ShardError(f"{path}: takes {needed:,} bytes decoded, of which {free:,} are free")
        with ThreadPoolExecutor(max(1, (os.cpu_count() or 2) - 1)) as pool:
            decoded = list(pool.map(_decoded, [shard.files[i] for i in new]))
        sizes = [(contents.heights[i], contents.widths[i]) for i in new]
        if [None if each is None else each.shape[:2] for each in decoded] != sizes:
            raise ShardError(f"{path}: its photographs are not those of its first line")
        names = [contents.group_names[contents.groups[i]] for i in new]
        pictures = [each for each in decoded if each is not None]
        if pictures:
            self.photographs.add(pictures, names)
        self._digests.update(contents.digests)
        self.duplicates += len(contents.digests) - len(new)
        self.read[contents.sha256] = {
            "name": path.name,
            "photographs": len(new),
            "groups": dict(Counter(names)),
        }
        self.tell(f"{path.name}: {len(new):,} photographs")


def _signature(path: Path) -> _Signature:
    try:
        about = path.stat()
    except OSError:  # it has just gone
        return path.name, -1, -1
    return path.name, about.st_size, about.st_mtime_ns


def _decoded(content: bytes) -> Pixels | None:
    picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR_RGB)
    return None if picture is None else picture.astype(np.uint8, copy=False)
