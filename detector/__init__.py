"""Face manipulation detection: media in, answer out.

Imports point downwards only: analyzer, batch; report; faces, network; sandbox; media; results, limits, errors.
"""

__version__ = "0.1.0"
