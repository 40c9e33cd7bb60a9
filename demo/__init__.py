"""Clapper to try with nothing but a browser: a simulated Discord, and a strict stand-in for the video API."""
