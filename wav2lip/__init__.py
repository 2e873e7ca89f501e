"""Wav2Lip: neural lip-sync. The engine has its own room here; it registers in `service.engines` once it stands."""
