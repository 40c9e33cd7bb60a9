"""The bot killed again and again around every request, and what must be true of all its jobs afterwards."""
