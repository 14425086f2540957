"""Small pieces that flows share, one idea each."""
