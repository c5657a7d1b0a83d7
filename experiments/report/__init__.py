"""A study or a plan as one page in Danish or English, with the texts and the style it is made of (TOML, HTML, CSS)."""
