"""Expressions become named steps that can be replayed: the tape, the trace, the backward walk, lowering."""
