"""Studies run on the model, one file each, and the command line that starts them."""
