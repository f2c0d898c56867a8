"""Training of networks that give colour: data, recipe, network, trainer, export (extra: learn).

What colours photographs never imports this; a line in it changes networks to come, not those here.
"""

import os

# Pages of 2 MB under large tensors, where Linux gives them: a tenth to a fifth more speed. PyTorch
# asks once, when it makes its first tensor, so this comes before all else of this package.
os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")
