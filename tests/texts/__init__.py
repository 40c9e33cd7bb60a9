"""The texts that people read: where they stand in the code, and what a translation of one must keep."""
