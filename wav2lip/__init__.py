"""Wav2Lip: neural lip-sync, from a checkpoint that its users bring."""
