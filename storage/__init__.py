"""What lasts: one SQLite file, its schema, and one function for each thing that is done to it."""
