"""restobench's engine: runs restorers over degraded sets, scores, ranks.

`restobench --help` is the way in.
"""

__version__ = "0.1.0"
