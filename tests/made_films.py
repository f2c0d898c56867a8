"""Films made for tests: photographs under a moving camera, whose colors and motion are known."""

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

BT709 = np.array([0.2126, 0.7152, 0.0722], np.float32)


@dataclass
class Shot:
    """Frames (n, h, w, 3) sRGB bytes, and from each but the first to the one before it: (h, w, 2)
    pixels right and down, NaN where that does not show the place."""

    frames: np.ndarray
    flows: list[np.ndarray]


def camera(
    photo: np.ndarray,
    *,
    frames: int = 24,
    size: tuple[int, int] = (180, 320),
    pan: tuple[float, float] = (1.5, 0.5),
    zoom: float = 1.0,
    turn: float = 0.0,
    person: np.ndarray | None = None,
) -> Shot:
    """A camera that moves `pan` pixels a frame, comes `zoom` times nearer a frame and turns.

    With a `person`, a shape cut out of that photograph walks through the picture.
    """
    height, width = size
    scale = max(1.25 * height / photo.shape[0], 1.25 * width / photo.shape[1])
    views = []
    for number in range(frames):
        way = number - frames / 2
        angle, grown = turn * way, scale * zoom**way
        turned = grown * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        middle = np.array([photo.shape[1] / 2, photo.shape[0] / 2])
        shift = np.array([width / 2, height / 2]) - turned @ middle - way * np.array(pan)
        views.append(np.vstack((np.hstack((turned, shift[:, None])), [0, 0, 1])))
    pictures = [
        cv2.warpAffine(photo, view[:2], (width, height), borderMode=cv2.BORDER_REFLECT)
        for view in views
    ]
    grid = np.stack((*np.meshgrid(np.arange(width), np.arange(height)), np.ones(size)), -1)
    flows = []
    for before, now in itertools.pairwise(views):
        back = (before @ np.linalg.inv(now))[:2]
        there = grid @ back.T
        flow = (there - grid[..., :2]).astype(np.float32)
        outside = (there < 0).any(-1) | (there[..., 0] > width - 1) | (there[..., 1] > height - 1)
        flow[outside] = np.nan
        flows.append(flow)
    shot = Shot(np.stack(pictures), flows)
    return _with_person(shot, person) if person is not None else shot


def parallax(
    far: np.ndarray,
    near: np.ndarray,
    *,
    pan: tuple[float, float] = (1.0, 0.0),
    nearer: float = 3.0,
    person: np.ndarray | None = None,
    **how: Any,
) -> Shot:
    """Two photographs at two distances: the near one moves `nearer` times as fast.

    Of the near one a hedge and a trunk are seen; with a `person` somebody walks before both.
    """
    ahead = (pan[0] * nearer, pan[1] * nearer)
    back, front = camera(far, pan=pan, **how), camera(near, pan=ahead, **how)
    shown = camera(np.repeat(_hedge(*near.shape[:2])[..., None], 3, 2), pan=ahead, **how).frames
    seen = shown[..., 0] > 127
    frames = np.where(seen[..., None], front.frames, back.frames)
    flows = []
    rows, columns = np.indices(seen.shape[1:])
    for before, now, behind, before_all in zip(
        seen, seen[1:], back.flows, front.flows, strict=False
    ):
        flow = np.where(now[..., None], before_all, behind)
        x = np.nan_to_num(columns + flow[..., 0]).round().astype(int).clip(0, now.shape[1] - 1)
        y = np.nan_to_num(rows + flow[..., 1]).round().astype(int).clip(0, now.shape[0] - 1)
        flow[before[y, x] != now] = np.nan  # the other layer was seen there
        flows.append(flow)
    shot = Shot(frames, flows)
    return _with_person(shot, person) if person is not None else shot


def _hedge(height: int, width: int) -> np.ndarray:
    """(height, width) 255 where something near is seen: a hedge below, and a trunk."""
    place = np.arange(width) / width
    top = 0.72 + 0.05 * np.sin(place * 40) + 0.03 * np.sin(place * 97)
    shape = (np.arange(height)[:, None] / height > top).astype(np.uint8) * 255
    for middle in (0.35, 0.62):
        left = int((middle - 0.02) * width)
        shape[:, left : left + int(0.05 * width)] = 255
    return shape


def _with_person(shot: Shot, photo: np.ndarray) -> Shot:
    n, height, width = shot.frames.shape[:3]
    tall, wide = int(height * 0.7), int(height * 0.35)
    crop = cv2.resize(photo, (wide, tall), interpolation=cv2.INTER_AREA)
    shape = np.zeros((tall, wide), np.uint8)
    cv2.circle(shape, (wide // 2, tall // 5), tall // 6, 1, -1)
    cv2.ellipse(shape, (wide // 2, tall), (wide // 2 - 2, int(tall * 0.68)), 0, 0, 360, 1, -1)
    frames, flows, where = shot.frames.copy(), [flow.copy() for flow in shot.flows], []
    for number in range(n):
        left = int(width * 0.25 + 2 * number)
        mask = np.zeros((height, width), bool)
        mask[height - tall :, left : left + wide] = shape[:, : width - left] > 0
        patch = np.zeros_like(frames[number])
        patch[height - tall :, left : left + wide] = crop[:, : width - left]
        frames[number][mask] = patch[mask]
        where.append(mask)
    for number, flow in enumerate(flows):
        now, before = where[number + 1], where[number]
        rows, columns = np.indices(now.shape)
        x = np.nan_to_num(columns + flow[..., 0]).round().astype(int).clip(0, width - 1)
        y = np.nan_to_num(rows + flow[..., 1]).round().astype(int).clip(0, height - 1)
        flow[before[y, x] & ~now] = np.nan  # it stood before what is seen now
        flow[now] = (-2, 0)
    return Shot(frames, flows)


def luma_of(frames: np.ndarray, weights: np.ndarray = BT709) -> np.ndarray:
    """(..., h, w, 3) sRGB bytes to luma in 0..1."""
    return (frames.astype(np.float32) / 255) @ weights


def grainy(luma: np.ndarray, sigma: float, seed: int = 0) -> np.ndarray:
    """Luma in 0..1 with grain of so many levels of 255."""
    noise = np.random.default_rng(seed).normal(0, sigma / 255, luma.shape)
    return np.clip(luma + noise, 0, 1).astype(np.float32)


def coded(luma: np.ndarray, bits: int = 8, *, full_range: bool = False) -> np.ndarray:
    """Luma in 0..1 as a film's whole numbers."""
    low, high = (0, 2**bits - 1) if full_range else (16 << (bits - 8), 235 << (bits - 8))
    return np.rint(low + luma * (high - low)).astype(np.uint8 if bits == 8 else np.uint16)


def write(
    path: Path,
    lumas: Iterable[np.ndarray],
    *,
    codec: str = "ffv1",
    form: str = "yuv420p",
    times: Sequence[int] | None = None,
    time_base: Fraction = Fraction(1, 24),
    rate: Fraction = Fraction(24),
    full_range: bool | None = False,
    matrix: int = 1,
    options: dict[str, str] | None = None,
    container: str | None = None,
    also: Callable[[Any], Callable[[], None] | None] | None = None,
    settings: Callable[[Any], None] | None = None,
    chroma: int | None = None,
) -> Path:
    """Write a film of luma planes; `settings` sees its stream, `also` the file, beforehand."""
    lumas = list(lumas)
    height, width = lumas[0].shape
    with av.open(str(path), "w", format=container) as file:
        stream = file.add_stream(codec, rate=rate, options=options or {})
        stream.width, stream.height, stream.pix_fmt = width, height, form
        context = stream.codec_context
        context.time_base = time_base
        if full_range is not None:
            context.color_range = 2 if full_range else 1
        context.colorspace = matrix
        if settings:
            settings(stream)
        more = also(file) if also else None
        for number, luma in enumerate(lumas):
            frame = av.VideoFrame(width, height, form)
            for index, plane in enumerate(frame.planes):
                values = np.frombuffer(plane, luma.dtype)
                stride = plane.line_size // values.itemsize
                rows = values[: plane.height * stride].reshape(plane.height, stride)
                if index == 0:
                    rows[:, :width] = luma
                else:
                    rows[:] = 1 << (_bits(form) - 1) if chroma is None else chroma
            frame.pts = times[number] if times else number
            frame.time_base = time_base
            if full_range is not None:
                frame.color_range = 2 if full_range else 1
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
        if more:
            more()
    return path


def _bits(form: str) -> int:
    return next((bits for bits in (9, 10, 12, 14, 16) if f"{bits}le" in form), 8)


def read(path: Path) -> list[dict[str, Any]]:
    """What an independent decoding gives: planes as they are, times, tags."""
    found = []
    with av.open(str(path)) as file:
        for frame in file.decode(video=0):
            kind = "<u2" if frame.format.components[0].bits > 8 else "u1"
            planes = [
                np.frombuffer(bytes(plane), kind)
                .reshape(-1, plane.line_size // np.dtype(kind).itemsize)[
                    : plane.height, : plane.width
                ]
                .copy()
                for plane in frame.planes
            ]
            found.append(
                {
                    "planes": planes,
                    "time": frame.pts * frame.time_base,
                    "format": frame.format.name,
                    "range": frame.color_range,
                    "matrix": frame.colorspace,
                    "interlaced": frame.interlaced_frame,
                    "rotation": frame.rotation,
                }
            )
    return found
