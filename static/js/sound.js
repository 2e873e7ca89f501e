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
