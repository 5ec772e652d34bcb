"""The one reader of histories: prices, supplies, yields, gas; every value with the time it was known.

Files are CSV or CSV.gz: `timestamp_utc` and a column `COIN` or `COIN@SOURCE` each; an empty cell is no value.
"""
