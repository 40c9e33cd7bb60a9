"""Pictures and films from elsewhere: fetched safely, checked, and made to fit."""
