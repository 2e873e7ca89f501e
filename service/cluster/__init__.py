"""Rendering on many machines, by Ray. Imported only where `VOICEOVER_RAY` is set."""
