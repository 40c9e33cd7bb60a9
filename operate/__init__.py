"""What an operator does at a terminal: the verbs of `python bot.py`, and what they say."""
