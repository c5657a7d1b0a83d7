"""Sentences made from facts, and numbers as Danish and English write them."""
