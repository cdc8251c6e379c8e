"""`headstart bench voice`: how well and how fast the assistant hears, takes turns and speaks."""
