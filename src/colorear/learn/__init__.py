"""Training of networks that give colour: data, recipe, network, trainer, export (extra: learn)."""
