"""What could go wrong with where the money is, as figures with their inputs shown. Pure functions on data.

`measures` has the single figures, `protocols` the score of a protocol, `overall` the one figure and what to
take out when it is too high.
"""
