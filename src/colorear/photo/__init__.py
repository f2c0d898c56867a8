"""One photograph file, byte for byte: read as streams, written whole, everything else kept.

What is here knows files, and neither networks nor many photographs.
"""
