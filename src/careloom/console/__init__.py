"""The pages of operators: what the hub does, what waits for a person, and the acts that a person may do."""
