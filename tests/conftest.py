"""Pictures that every test may use: free ones that installed packages ship, and made ones."""

import numpy as np
import pytest
import skimage.data
from sklearn.datasets import load_sample_image

FREE_PICTURES = {
    "astronaut": skimage.data.astronaut,
    "chelsea": skimage.data.chelsea,
    "coffee": skimage.data.coffee,
    "rocket": skimage.data.rocket,
    "china": lambda: load_sample_image("china.jpg"),
    "flower": lambda: load_sample_image("flower.jpg"),
}


@pytest.fixture(scope="session")
def free_pictures() -> dict[str, np.ndarray]:
    """Colour photographs by name, (h, w, 3) sRGB bytes."""
    return {name: np.asarray(load()) for name, load in FREE_PICTURES.items()}
