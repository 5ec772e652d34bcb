"""Results of backtests and replays for people: what was asked for, and what came out."""
