"""Who and what things are, whatever systems call them: persons, codes, and which system may say what of them."""
