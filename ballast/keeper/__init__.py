"""The keeper's judgement: a snapshot of the system in, a plan out. Pure but for the journal's file.

IDLE -> EVALUATING -> EXECUTING -> SETTLING -> IDLE      (`ballast.keeper.decide.State`)
"""
