"""Voices: text to speech with the times of its phones and words. Engines know nothing of each other."""
