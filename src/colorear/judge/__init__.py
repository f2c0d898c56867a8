"""How good the colour is: numbers for one photograph, and for many."""
