"""How much of the fund goes where: mean-variance over strategies with limits, turnover and gas; pure.

`readable` states the problem as a person would and is the judge; `fast` answers the same thing for sweeps;
`moves` decides which changes pay for their gas; `emergency` says what to leave where when something breaks.
"""
