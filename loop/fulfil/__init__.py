"""A generation request in, accepted examples out: free pool first, then the teacher."""

from loop.fulfil.fulfil import Accept, fulfil
from loop.fulfil.mixture import grow, seed_dose
from loop.fulfil.teacher import Teacher, load_teacher

__all__ = ["Accept", "Teacher", "fulfil", "grow", "load_teacher", "seed_dose"]
