"""Coqui models with random weights, of Coqui's own classes: they know no language but work like real ones."""

import json
from pathlib import Path

from tts.coqui.without_cuda import import_torchaudio

LETTERS = "abcdefghijklmnopqrstuvwxyzабвгдеёжзийклмнопрстуфхцчшщъыьэюя0123456789"
MARKS = "!'(),-.:;?—… "
IPA = "aɑæəɛɪiɔoʊuʌɹɚɐɜeɡŋʃʒθðbdfhjklmnprstvwzxʲɨɵʉɭɕɣˈˌːʒɾᵻ"
STEPS = 24  # of 46 ms: how long the XTTS speaks, whatever the text
SPECIAL = ["[STOP]", "[UNK]", "[SPACE]", "[START]"]


def build_vits(folder: Path, phonemes: bool) -> Path:
    """Make a tiny VITS that reads phonemes or letters; 4 MB."""
    import_torchaudio()
    import torch
    from TTS.tts.configs.vits_config import VitsArgs, VitsConfig
    from TTS.tts.models.vits import Vits

    arguments = VitsArgs(
        hidden_channels=16,
        hidden_channels_ffn_text_encoder=16,
        num_layers_text_encoder=1,
        num_layers_posterior_encoder=1,
        num_layers_flow=1,
        upsample_initial_channel_decoder=32,
        resblock_kernel_sizes_decoder=[3],
        resblock_dilation_sizes_decoder=[[1, 3]],
        resblock_type_decoder="2",
        init_discriminator=False,
    )
    characters = {
        "characters_class": "TTS.tts.models.vits.VitsCharacters",
        "characters": LETTERS,
        "phonemes": IPA,
        "punctuations": MARKS,
        "pad": "_",
        "eos": None,
        "bos": None,
        "blank": "<BLNK>",
    }
    config = VitsConfig(model_args=arguments, text_cleaner="multilingual_cleaners")
    config.from_dict({"characters": characters, "phoneme_language": "en-us"})
    settings = config.to_dict()
    torch.manual_seed(1)
    folder.mkdir(parents=True)
    torch.save({"model": Vits(config).state_dict()}, folder / "model.pth")
    settings |= {"use_phonemes": phonemes, "phonemizer": "espeak"} if phonemes else {}
    (folder / "config.json").write_text(json.dumps(settings))
    return folder


def build_glow(folder: Path) -> Path:
    """Make a tiny Glow-TTS: it gives a spectrogram and no times."""
    import_torchaudio()
    import torch
    from TTS.tts.configs.glow_tts_config import GlowTTSConfig
    from TTS.tts.models.glow_tts import GlowTTS

    config = GlowTTSConfig(
        hidden_channels_enc=16, hidden_channels_dec=16, hidden_channels_dp=16, num_flow_blocks_dec=2
    )
    config.encoder_params |= {"num_layers": 1, "hidden_channels_ffn": 16}
    config.audio.griffin_lim_iters = 10
    torch.manual_seed(1)
    folder.mkdir(parents=True)
    torch.save({"model": GlowTTS(config).state_dict()}, folder / "model.pth")
    (folder / "config.json").write_text(json.dumps(config.to_dict()))
    return folder


def build_xtts(folder: Path) -> Path:
    """Make an XTTS with a tiny language model (its decoder's size is fixed: 92 MB) that never stops early."""
    import_torchaudio()
    import torch
    from tokenizers import Tokenizer
    from tokenizers.models import BPE
    from TTS.tts.configs.xtts_config import XttsArgs, XttsConfig
    from TTS.tts.models.xtts import Xtts

    languages = ["en", "ru"]
    special = [*SPECIAL, *(f"[{language}]" for language in languages)]
    vocabulary = {token: number for number, token in enumerate([*special, *LETTERS, *MARKS.strip()])}
    tokenizer = Tokenizer(BPE(vocab=vocabulary, merges=[], unk_token="[UNK]"))
    tokenizer.add_special_tokens(special)
    arguments = XttsArgs(
        gpt_layers=1,
        gpt_n_model_channels=64,
        gpt_n_heads=2,
        gpt_max_audio_tokens=STEPS + 2,
        gpt_num_audio_tokens=34,
        gpt_start_audio_token=32,
        gpt_stop_audio_token=33,
        gpt_use_perceiver_resampler=True,
        gpt_number_text_tokens=len(vocabulary),
        gpt_start_text_token=vocabulary["[START]"],
        gpt_stop_text_token=vocabulary["[STOP]"],
        decoder_input_dim=64,
    )
    config = XttsConfig(model_args=arguments, languages=languages)
    torch.manual_seed(1)
    model = Xtts(config)
    with torch.no_grad():
        model.gpt.mel_head.bias[arguments.gpt_stop_audio_token] = -1e9
    folder.mkdir(parents=True)
    tokenizer.save(str(folder / "vocab.json"))
    torch.save({"model": model.state_dict()}, folder / "model.pth")
    traits = {"gpt_cond_latent": torch.randn(1, 32, 64), "speaker_embedding": torch.randn(1, 512, 1)}
    torch.save({"Anna": traits, "Ivan Петров": traits}, folder / "speakers_xtts.pth")
    (folder / "config.json").write_text(json.dumps(config.to_dict()))
    return folder
