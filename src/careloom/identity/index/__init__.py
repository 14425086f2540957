"""The person index: records as systems sent them, the persons that they are of, and every decision that says so."""
