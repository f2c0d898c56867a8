"""Training of networks that give color: data, recipe, network, trainer, export (extra: learn).

What colors photographs never imports this; a change in it affects networks trained from now on.
"""

import os

# Pages of 2 MB under large tensors, where Linux gives them: a tenth to a fifth more speed. PyTorch
# asks once, when it makes its first tensor, so this comes before all else of this package.
os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")
