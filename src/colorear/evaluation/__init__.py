"""How good the colour is: candidates, coloured and judged on photographs whose colours are known.

What is here only looks on (extra: learn): no line in it may change what others compute.
"""
