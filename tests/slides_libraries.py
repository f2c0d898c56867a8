"""What the slides' libraries say of a few photographs: the numbers that colorear's own must equal.

They ask for NumPy 1 and an old scikit-image, so they run in an environment of their own:

    python -m venv libraries
    libraries/bin/pip install image-similarity-measures==0.3.6 sewar==0.4.10
    libraries/bin/python tests/slides_libraries.py > tests/slides_libraries.json
"""

import json
from importlib.metadata import version

import numpy as np
import skimage.data

LIBRARIES = ("image-similarity-measures", "sewar", "phasepack", "scikit-image", "numpy")


def pairs() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """A truth and what was made of it, (h, w, 3) float32, mostly in 0..1."""
    photograph = skimage.data.astronaut()[:, 100:].astype(np.float32) / 255
    noise = np.random.RandomState(1).normal(size=(97, 111, 3)).astype(np.float32)
    odd, small, even = photograph[:97, :111], photograph[:48, :48], photograph[200:296, :112]
    return {
        "noise": (odd, np.clip(odd + np.float32(0.1) * noise, 0, 1)),
        "beyond white and black": (odd, odd + np.float32(0.2) * noise),
        "gray copy": (even, np.repeat(even.mean(2, keepdims=True), 3, 2)),
        "brighter": (small, np.float32(1.2) * small),
        "duller": (small, np.float32(0.25) + np.float32(0.5) * small),
        "another place": (even, photograph[300:396, 200:312]),
    }


def main() -> None:
    """Print the libraries' versions, and by pair and metric what they say."""
    import sewar
    from image_similarity_measures import quality_metrics

    numbers = {}
    for name, (truth, made) in pairs().items():
        numbers[name] = {
            "mse": float(sewar.mse(truth, made)),
            "rmse": float(quality_metrics.rmse(truth, made)),
            "psnr": float(quality_metrics.psnr(truth, made)),
            "ssim": float(quality_metrics.ssim(truth, made)),
            "fsim": float(quality_metrics.fsim(truth, made)),
            "uqi": float(sewar.uqi(truth, made)),
            "vif": float(sewar.vifp(made, truth)),  # as the slides gave them
        }
    print(json.dumps({"versions": {lib: version(lib) for lib in LIBRARIES}} | numbers, indent=1))


if __name__ == "__main__":
    main()
