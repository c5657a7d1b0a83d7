"""The panel that says what Desist is and what it rests on."""
