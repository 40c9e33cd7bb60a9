"""Which parts there are and what each is given, built from what bot.py has opened."""

from assembly.parts import Parts
from assembly.resources import Known, Resources

__all__ = ["Known", "Parts", "Resources"]
