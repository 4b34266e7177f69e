"""The contestants, a file for each, and what they have in common.

Each has the functions `training`, `layer` and `forecast`, called with a way from the lists of
`cases.py` and the problem from `common.py`.
"""
