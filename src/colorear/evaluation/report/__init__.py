"""Scores told to people: tables, figures, sentences in two languages, one page.

What is here computes nothing that `statistics` should, and says nothing untested.
"""
