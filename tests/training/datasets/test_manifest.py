from colorear.training.datasets.manifest import split


def test_the_slides_split():
    assert split(3000) == {"train": (0, 2375), "validate": (2375, 2500), "test": (2500, 3000)}
    assert split(3) == {"train": (0, 1), "validate": (1, 2), "test": (2, 3)}
    for count in range(3, 200):
        train, validate, test = split(count).values()
        assert 0 == train[0] < train[1] == validate[0] < validate[1] == test[0] < test[1] == count
