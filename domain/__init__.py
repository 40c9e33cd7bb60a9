"""Nouns and rules: what a generation is, what it may cost, and how it may end."""
