"""Text as people read it aloud: what is typed → what a voice is given to speak, and the way back."""

from voiceover.reading.reading import Reading, read

__all__ = ["Reading", "read"]
