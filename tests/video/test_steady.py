"""Colors that follow the motion: on films whose motion and colors are known."""

import itertools

import cv2
import numpy as np
import pytest

import made_films as made
from colorear import color
from colorear.models import load
from colorear.video.flow import chained, motion, sampled, still
from colorear.video.shots import is_cut
from colorear.video.steady import Agreed, Frame, agree

SIZE = (96, 160)


def frames_of(luma):
    """(n, h, w) in 0..1 as frames of one shot."""
    levels = np.rint(luma * 255).astype(np.uint8)
    frames = [Frame(levels[0], None, None)]
    for before, now in itertools.pairwise(levels):
        frames.append(Frame(now, *motion(now, before)))
    return frames


def opinion(ab):
    """What a network says of a frame, which counts alike everywhere."""
    return Agreed(np.ascontiguousarray(ab, np.float32), np.ones(ab.shape[:2], np.float32))


def flicker(colors, flows):
    """Mean CIELAB distance of each place's color from its own in the frame before."""
    height, width = flows[0].shape[:2]
    grid = np.stack(np.meshgrid(np.arange(width), np.arange(height)), -1).astype(np.float32)
    found = []
    for before, now, flow in zip(colors, colors[1:], flows, strict=False):
        seen = ~np.isnan(flow[..., 0])
        where = grid + np.nan_to_num(flow)
        moved = cv2.remap(before, where[..., 0], where[..., 1], cv2.INTER_LINEAR)
        found.append(np.linalg.norm(moved - now, axis=2)[seen].mean())
    return float(np.mean(found))


def truth_of(shot):
    return [
        color.srgb_to_lab(one.transpose(2, 0, 1) / 255)[1:].transpose(1, 2, 0)
        for one in shot.frames
    ]


@pytest.mark.parametrize(
    ("photo", "how"),
    [
        ("astronaut", {"pan": (1.5, 0.5)}),
        ("coffee", {"pan": (0, 0), "zoom": 1.01}),
        ("china", {"pan": (1, 0), "person": "astronaut"}),
    ],
)
def test_acuarela_flickers_less_and_errs_no_more(free_pictures, photo, how):
    """At most half, as measured where the motion is known; grain makes networks flicker."""
    how = dict(how)
    if "person" in how:
        how["person"] = free_pictures[how["person"]][:, 100:350]
    shot = made.camera(free_pictures[photo], frames=16, size=SIZE, **how)
    network = load("acuarela", threads=2)
    frames = frames_of(made.grainy(made.luma_of(shot.frames), 4))

    def colors(frame):
        lightness = color.luma_to_lightness(frame.luma.astype(np.float32) / 255)
        return np.ascontiguousarray(network(lightness).ab.transpose(1, 2, 0))

    alone = [colors(frame) for frame in frames]
    steady, _ = agree(frames, lambda frame: opinion(colors(frame)), None)
    truth = truth_of(shot)
    errors = [
        np.mean([np.linalg.norm(a - b, axis=2).mean() for a, b in zip(each, truth, strict=True)])
        for each in (alone, steady)
    ]
    assert flicker(steady, shot.flows) <= 0.5 * flicker(alone, shot.flows)
    assert errors[1] <= errors[0]


def test_what_the_anchors_say_is_averaged_along_the_motion(free_pictures):
    """A network that contradicts itself, brighter red in every second call."""
    shot = made.camera(free_pictures["coffee"], frames=30, size=SIZE, pan=(1, 0))
    frames = frames_of(made.luma_of(shot.frames))
    said = []

    def moody(frame):
        said.append(40.0 if len(said) % 2 else 20.0)
        return opinion(np.full((*frame.luma.shape, 2), said[-1]))

    colors, end = agree(frames, moody, None)
    middle = [ab[30:60, 50:110].mean() for ab in colors]
    assert len(said) == 30  # of a short shot each frame is heard
    assert max(middle) - min(middle) < 4
    assert np.mean(middle) == pytest.approx(np.mean(said), abs=5)
    assert end.ab.shape == (*SIZE, 2)


def test_the_next_stretch_goes_on_from_the_last(free_pictures):
    shot = made.camera(free_pictures["coffee"], frames=20, size=SIZE, pan=(1, 0))
    frames = frames_of(made.luma_of(shot.frames))

    def red(frame):
        return opinion(np.full((*frame.luma.shape, 2), 40))

    def blue(frame):
        return opinion(np.full((*frame.luma.shape, 2), -40))

    first, end = agree(frames[:10], red, None)
    then, _ = agree(frames[10:], blue, end)
    inside = np.s_[30:60, 50:110]
    assert abs(then[0][inside].mean() - first[-1][inside].mean()) < 10
    steps = np.diff([ab[inside].mean() for ab in then])
    assert (np.abs(steps) < 12).all()


def test_no_color_crosses_a_cut_and_none_is_seen_within_a_shot(free_pictures):
    names = sorted(free_pictures)
    shots = [
        made.camera(free_pictures[name], frames=3, size=SIZE, pan=(4, 1), zoom=1.01)
        for name in names
    ]
    lumas = [made.grainy(made.luma_of(shot.frames), 6) for shot in shots]
    levels = [np.rint(luma * 255).astype(np.uint8) for luma in lumas]
    for mine in levels:
        back, forth = motion(mine[1], mine[0])
        assert not is_cut(mine[0], mine[1], back, forth)
        for theirs in levels:
            if theirs is not mine:
                back, forth = motion(theirs[0], mine[-1])
                assert is_cut(mine[-1], theirs[0], back, forth)


def test_flow_is_the_motion_and_tells_what_is_hidden(free_pictures):
    shot = made.camera(
        free_pictures["china"],
        frames=4,
        size=SIZE,
        pan=(2, 0),
        person=free_pictures["astronaut"][:, 100:350],
    )
    frames = frames_of(made.luma_of(shot.frames))
    for frame, flow in zip(frames[1:], shot.flows, strict=True):
        seen = ~np.isnan(flow[..., 0])
        apart = np.linalg.norm(frame.back.flow - np.nan_to_num(flow), axis=2)
        trusted = seen & (frame.back.valid > 0)
        assert np.median(apart[trusted]) < 0.3
        assert frame.back.valid[seen].mean() > 0.85
    twice = chained(frames[2].back, frames[1].back)
    place = np.median(twice.flow.reshape(-1, 2), axis=0)
    assert np.abs(place[0]) == pytest.approx(4, abs=0.5)
    nothing = still(*SIZE)
    plane = np.random.default_rng(0).random(SIZE).astype(np.float32)
    np.testing.assert_allclose(sampled(plane, nothing.flow), plane, atol=1e-6)
