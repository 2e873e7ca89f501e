// Voices of one's own: bring one as a file or by the microphone, hear it, delete it.

import { Recorder, clockAt, mayRecord } from "./recorder.js";
import { Uploader } from "./uploader.js";

const MEGABYTE = 2 ** 20;

export class OwnVoices {
  #parts;
  #words;
  #api;
  #sentence;
  #onChange;
  #uploader;
  #recorder = new Recorder((meter, seconds) => this.#hear(meter, seconds));
  #player = new Audio();
  #enough = false; // whether as much is recorded as is needed
  #offer = null; // {own, imitation} of the server

  /**
   * parts: elements by name, see templates/ownvoice.html; sentence(error): what to tell people of it;
   * onChange(voice): there is another one (given), or one less (null); gives the server's new offer.
   */
  constructor({ parts, words, api, sentence, onChange }) {
    this.#parts = parts;
    this.#words = words;
    this.#api = api;
    this.#sentence = sentence;
    this.#onChange = onChange;
    this.#uploader = new Uploader({ ...parts, words, judging: "own.judging", onPick: (file) => this.#picked(file) });
    this.#listen();
  }

  /** Shows what the server offers; writes all texts in the page's language. */
  show(offer) {
    this.#offer = offer;
    const { command } = offer.imitation;
    this.#parts.missing.hidden = !command;
    this.#parts.command.textContent = command;
    this.#parts.record.hidden = !mayRecord();
    this.#parts.empty.hidden = offer.own.length > 0;
    this.#parts.list.replaceChildren(...offer.own.map((voice) => this.#row(voice)));
    this.#parts.open.disabled = false;
    this.#uploader.translate();
    this.#showRecording();
  }

  #listen() {
    const { open, close, dialog, form, record, name, consent } = this.#parts;
    open.addEventListener("click", () => dialog.showModal());
    close.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => {
      this.#recorder.cancel();
      this.#player.pause();
      this.#parts.listen.pause();
    });
    record.addEventListener("click", () => (this.#recorder.running ? this.#recorder.stop() : this.#record()));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    for (const field of [name, consent]) field.addEventListener("input", () => this.#uploader.say("", ""));
  }

  // The microphone.

  async #record() {
    this.#uploader.take(null);
    this.#enough = false;
    try {
      const recording = this.#recorder.record();
      this.#showRecording();
      const blob = await recording;
      if (blob) this.#uploader.take(new File([blob], this.#words.t("own.recording"), { type: blob.type }));
    } catch (error) {
      this.#uploader.say("refused", this.#words.t(error.name === "NotFoundError" ? "own.noMicrophone" : "own.notAllowed"));
    } finally {
      this.#showRecording();
    }
  }

  #hear(meter, seconds) {
    if (!this.#parts.dialog.open) return this.#recorder.cancel(); // closed before the browser gave access
    if (this.#parts.recording.hidden) this.#showRecording();
    const clock = clockAt(seconds, this.#offer.imitation);
    this.#parts.meter.style.setProperty("--level", `${Math.round(meter * 100)}%`);
    const text = this.#words.t(clock.enough ? "own.clockEnough" : "own.clock", { n: clock.spoken, left: clock.left });
    if (this.#parts.clock.textContent !== text) this.#parts.clock.textContent = text;
    if (clock.enough && !this.#enough) this.#uploader.say("", this.#words.t("own.enough")); // read out, once
    this.#enough = clock.enough;
    if (clock.over) this.#recorder.stop();
  }

  #showRecording() {
    const { recording, record } = this.#parts;
    const { running } = this.#recorder;
    recording.hidden = !running;
    record.textContent = this.#words.t(running ? "own.stop" : "own.record");
    record.classList.toggle("live", running);
  }

  // Sending.

  #picked(file) {
    const { listen } = this.#parts;
    if (listen.src) URL.revokeObjectURL(listen.src);
    listen.hidden = !file;
    if (file) listen.src = URL.createObjectURL(file);
    else listen.removeAttribute("src");
  }

  async #send() {
    const missing = this.#missing();
    if (missing) return this.#refuse(...missing);
    const { form, save } = this.#parts;
    const data = new FormData(form);
    data.set("recording", this.#uploader.file);
    save.disabled = true;
    try {
      const voice = await this.#uploader.watch((onProgress) => this.#api.addVoice(data, onProgress));
      form.reset();
      this.#uploader.take(null);
      await this.#onChange(voice);
      this.#uploader.say(voice.flaws.length ? "flawed" : "good", voice.verdict);
    } catch (error) {
      this.#uploader.say("refused", this.#sentence(error));
    } finally {
      save.disabled = false;
    }
  }

  /** What is still to be done, and where: `[key, element]`. */
  #missing() {
    const { name, consent, input } = this.#parts;
    const { file } = this.#uploader;
    if (!file) return ["own.needRecording", input];
    if (file.size > this.#offer.imitation.bytes) return ["upload.tooLarge", input];
    if (!name.value.trim()) return ["own.needName", name];
    if (!consent.checked) return ["own.needConsent", consent];
    return null;
  }

  #refuse(key, element) {
    this.#uploader.say("refused", this.#words.t(key, { n: this.#offer.imitation.bytes / MEGABYTE }));
    element.focus();
  }

  // What is kept.

  #row(voice) {
    const item = document.createElement("li");
    const name = document.createElement("span");
    name.className = "own-name";
    name.textContent = voice.name;
    const length = document.createElement("span");
    length.className = "own-length";
    length.textContent = this.#words.t("seconds", { n: this.#words.number(voice.seconds, 0) });
    item.append(name, length, this.#playButton(voice), this.#deleteButton(voice));
    return item;
  }

  #playButton(voice) {
    const button = this.#button("own.play", voice);
    button.addEventListener("click", () => {
      const same = this.#player.src === new URL(voice.sample, document.baseURI).href;
      if (same && !this.#player.paused) return this.#player.pause();
      this.#player.src = voice.sample;
      this.#player.play();
    });
    return button;
  }

  /** Asks once more in its own place before it deletes. */
  #deleteButton(voice) {
    const button = this.#button("own.delete", voice);
    button.addEventListener("blur", () => this.#label(button, "own.delete", voice));
    button.addEventListener("click", async () => {
      if (button.dataset.key === "own.delete") return this.#label(button, "own.deleteSure", voice);
      try {
        await this.#api.deleteVoice(voice.id);
        this.#player.pause();
        await this.#onChange(null);
        this.#uploader.say("", this.#words.t("own.deleted", { name: voice.name }));
        this.#parts.close.focus();
      } catch (error) {
        this.#uploader.say("refused", this.#sentence(error));
      }
    });
    return button;
  }

  #button(key, voice) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "small";
    this.#label(button, key, voice);
    return button;
  }

  #label(button, key, voice) {
    button.dataset.key = key;
    button.textContent = this.#words.t(key);
    button.setAttribute("aria-label", `${this.#words.t(key)}: ${voice.name}`);
  }
}
