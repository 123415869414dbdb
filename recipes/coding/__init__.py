"""The coding recipe's own Python: program families, a teacher, graders and canonical forms."""
