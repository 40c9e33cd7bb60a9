"""How things look in Discord: words, cards, and the courier who brings finished films."""
