"""Lips without trained weights: a portrait is deformed and painted by the mouth shapes of the phones."""
