"""Many films for a long time, while Discord and the API fail in every way that they are known to."""
