"""`make bench`: exact gas and throughput against peers, all measured in one run of one node.

A module per section, each a function from the laboratory to rows; `rows` says what a row is and what goals
bind it.
"""
