"""What can be done, and what it does to the world."""
