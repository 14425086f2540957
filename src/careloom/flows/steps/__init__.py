"""What several flows do in the same way, one idea each."""
