"""What moderators decide and do, tried as members, moderators and strangers in a simulated Discord."""
