// Volume and mute. The avatar is silent until the first click, as browsers demand, and is heard from then on.

export class Sound {
  #video;
  #button;
  #slider;
  #words;
  #wanted = true;

  constructor({ video, button, slider, words }) {
    this.#video = video;
    this.#button = button;
    this.#slider = slider;
    this.#words = words;
    video.volume = slider.value = Number(localStorage.getItem("volume") ?? 1);
    button.addEventListener("click", () => this.#toggle());
    slider.addEventListener("input", () => this.#turn(Number(slider.value)));
    this.show();
  }

  /** Must be called from within a click: from here on the avatar may be heard. */
  unlock() {
    this.#video.muted = !this.#wanted;
    this.show();
  }

  /** Writes the button anew. */
  show() {
    const heard = this.#wanted && this.#video.volume > 0;
    this.#button.dataset.sound = heard ? "on" : "off";
    this.#button.setAttribute("aria-label", this.#words.t(heard ? "sound.off" : "sound.on"));
  }

  #toggle() {
    this.#wanted = !(this.#wanted && this.#video.volume > 0);
    if (this.#wanted && this.#video.volume === 0) this.#video.volume = this.#slider.value = 1;
    this.unlock();
  }

  #turn(volume) {
    this.#video.volume = volume;
    this.#wanted = volume > 0;
    localStorage.setItem("volume", volume);
    this.unlock();
  }
}

/** Whether the page may be heard without a click, as where the user has clicked before: tried with a silent sound. */
export async function mayBeHeard() {
  const url = URL.createObjectURL(new Blob([silence()], { type: "audio/wav" }));
  try {
    await new Audio(url).play();
    return true;
  } catch {
    return false;
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** A tenth of a second of silence as a WAV file: 8 bits, 8 kHz. */
function silence() {
  const [rate, samples] = [8000, 800];
  const file = new DataView(new ArrayBuffer(44 + samples));
  const text = (at, letters) => [...letters].forEach((letter, i) => file.setUint8(at + i, letter.charCodeAt(0)));
  text(0, "RIFF");
  file.setUint32(4, 36 + samples, true);
  text(8, "WAVEfmt ");
  file.setUint32(16, 16, true); // length of the format, which follows
  file.setUint16(20, 1, true); // PCM
  file.setUint16(22, 1, true); // channels
  file.setUint32(24, rate, true);
  file.setUint32(28, rate, true); // bytes a second
  file.setUint16(32, 1, true); // bytes for a sample
  file.setUint16(34, 8, true); // bits
  text(36, "data");
  file.setUint32(40, samples, true);
  new Uint8Array(file.buffer, 44).fill(128);
  return file;
}
