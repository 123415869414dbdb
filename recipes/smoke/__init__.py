"""The smoke recipe's own code."""
