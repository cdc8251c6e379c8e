"""What a person touches: the command line, the screen, records and replays."""
