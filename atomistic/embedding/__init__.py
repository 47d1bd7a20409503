"""A quantum calculation, or a larger model, over a few atoms of a cheap potential's structure.

The scheme itself is `coupling.embedding`; here are the regions, the engines, and what runs on them.
"""
