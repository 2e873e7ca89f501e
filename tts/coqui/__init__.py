"""Coqui TTS: whatever model of it lies in a folder: XTTS, VITS, MMS and others."""
