"""The vendor's API: Sora and its siblings behind one envelope."""
