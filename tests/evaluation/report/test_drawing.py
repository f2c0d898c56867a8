from colorear.evaluation.report.drawing import figure, png, styles


def test_a_network_looks_the_same_with_and_without_the_promise():
    looks = styles(["skip-deep", "acuarela@luma", "skip-deep@luma", "gray"])
    assert looks["skip-deep"].color == looks["skip-deep@luma"].color
    assert looks["skip-deep"].marker == looks["skip-deep@luma"].marker
    assert looks["skip-deep"].filled
    assert not looks["skip-deep@luma"].filled
    assert looks["acuarela@luma"].color != looks["skip-deep"].color


def test_many_networks_are_still_told_apart():
    looks = styles([f"n{i}" for i in range(20)])
    assert len({(look.color, look.marker) for look in looks.values()}) == 20


def test_equal_figures_are_equal_files():
    assert png(figure(1.0)) == png(figure(1.0))
    assert png(figure(1.0)).startswith(b"\x89PNG")
