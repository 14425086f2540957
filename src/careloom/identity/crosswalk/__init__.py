"""What one system's code is in another, from when to when, and which system may say so."""
