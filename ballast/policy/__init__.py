"""The choice of the crisis detector's parameters on histories, by walk-forward, and how it is judged."""
