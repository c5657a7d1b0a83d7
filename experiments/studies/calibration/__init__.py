"""What the trial and the registers say about uncertain parameters."""
