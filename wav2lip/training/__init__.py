"""Training a Wav2Lip of our own, for one avatar, on nothing but what another lip engine draws of it.

`corpus` is what is learned from. `ear` learns to tell mouths from sound, in `disguise`; `hand` learns to draw
a face with a given mouth, in `likeness` to the teacher's; `graft` makes one network of both. `course` is the
loop that both learn in, `strips` what it shows meanwhile.
"""
