"""Four networks; their cards come with colorear, which finds them here."""
