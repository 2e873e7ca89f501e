// One avatar of one's own: its name, what is shown of its photo, how it speaks; or it is deleted.

import { outputSize, sameBox } from "./crop.js";
import { CropFrame } from "./cropframe.js";

const LIKENESS = 320; // pixels of the longer side of the small picture

export class AvatarEditor {
  #parts;
  #words;
  #api;
  #sentence;
  #tell;
  #onEnd;
  #frame;
  #avatar = null; // as the server has it
  #kept = null; // as it is to be left, if it is not saved
  #turn = Promise.resolve(); // changes take turns
  #making = new AbortController(); // of a clip

  /**
   * parts: elements by name, see templates/avatars.html; sentence(error): what to tell people of it;
   * tell(kind, text): tells them; onEnd(avatar, deleted): the user has saved it, or deleted it.
   */
  constructor({ parts, words, api, sentence, tell, onEnd }) {
    this.#parts = parts;
    this.#words = words;
    this.#api = api;
    this.#sentence = sentence;
    this.#tell = tell;
    this.#onEnd = onEnd;
    const onFace = (index) => this.#attempt(() => this.#chooseFace(index));
    this.#frame = new CropFrame({ parts, words, onChange: () => this.#showShape(), onFace });
    this.#listen();
  }

  /** Opens an avatar as the server tells it. */
  open(avatar) {
    this.#kept = avatar;
    this.#parts.name.value = this.#nameOf(avatar);
    this.#show(avatar);
    this.#label(false);
  }

  /** Leaves without saving: what was tried is undone. */
  async leave() {
    const kept = this.#kept;
    this.#kept = null;
    this.#showStill();
    await this.#turn;
    if (!kept || sameAvatar(kept, this.#avatar)) return;
    const { face, crop, size } = kept.photo ?? {};
    await this.#change({ name: this.#nameOf(kept), face, crop, size });
  }

  /** Writes the texts in the page's language. */
  translate() {
    if (this.#avatar) this.#show({ ...this.#avatar, photo: this.#avatar.photo && { ...this.#avatar.photo, crop: this.#frame.crop } });
  }

  #listen() {
    const { form, size, picture, speak, remove } = this.#parts;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#attempt(() => this.#save());
    });
    size.addEventListener("input", () => this.#showShape());
    picture.addEventListener("load", () => this.#showShape());
    speak.addEventListener("click", () => this.#attempt(() => this.#speak()));
    remove.addEventListener("click", () => this.#attempt(() => this.#remove()));
    remove.addEventListener("blur", () => this.#label(false));
  }

  async #attempt(task) {
    if (this.#parts.verdict.dataset.kind !== "good") this.#tell("", ""); // praise may stay: nothing moves then
    try {
      await task();
    } catch (error) {
      if (error.name !== "AbortError") this.#tell("refused", this.#sentence(error));
    }
  }

  // What the user can do.

  async #chooseFace(index) {
    const { fault } = this.#avatar.photo.faces[index];
    if (fault) return this.#tell("flawed", fault);
    await this.#change({ face: index });
    this.#show(this.#avatar);
  }

  /** The clip is made of what the server has, so changes go there first. */
  async #speak() {
    const { speak, clip, canvas } = this.#parts;
    const { signal } = (this.#making = new AbortController());
    speak.disabled = true;
    speak.textContent = this.#words.t("avatar.speak.busy");
    try {
      await this.#change(this.#changes);
      const request = { text: this.#words.t("avatar.sample"), language: this.#words.language };
      const blob = await this.#api.clip({ ...request, avatar: this.#avatar.id }, signal);
      this.#showStill();
      clip.src = URL.createObjectURL(blob);
      canvas.hidden = true;
      await clip.play();
    } finally {
      speak.disabled = false;
      speak.textContent = this.#words.t("avatar.speak");
    }
  }

  async #save() {
    const { name } = this.#parts;
    if (!name.value.trim()) {
      name.focus();
      return this.#tell("refused", this.#words.t("avatar.needName"));
    }
    await this.#change(this.#changes);
    this.#kept = null;
    this.#onEnd(this.#avatar, false);
  }

  /** Asks once more in its own place before it deletes. */
  async #remove() {
    if (this.#parts.remove.dataset.t === "avatar.delete") return this.#label(true);
    await this.#api.deleteAvatar(this.#avatar.id);
    this.#kept = null;
    this.#onEnd(this.#avatar, true);
  }

  #label(sure) {
    const { remove } = this.#parts;
    remove.dataset.t = sure ? "avatar.deleteSure" : "avatar.delete";
    remove.textContent = this.#words.t(remove.dataset.t);
  }

  // What the server has.

  get #changes() {
    const { name, size } = this.#parts;
    const { photo } = this.#avatar;
    const changes = {};
    if (name.value.trim() && name.value.trim() !== this.#nameOf(this.#avatar)) changes.name = name.value.trim();
    if (photo && !sameBox(photo.crop, this.#frame.crop)) changes.crop = this.#frame.crop;
    if (photo && photo.size !== Number(size.value)) changes.size = Number(size.value);
    return changes;
  }

  #change(changes) {
    const done = this.#turn.then(async () => {
      if (Object.keys(changes).length) this.#avatar = await this.#api.changeAvatar(this.#avatar.id, changes);
    });
    this.#turn = done.catch(() => {});
    return done;
  }

  #nameOf({ name }) {
    return this.#words.nameOf(name);
  }

  // What the user sees.

  #show(avatar) {
    const { photo: place, canvas, clip, facts, size, sizing } = this.#parts;
    const { photo, video } = avatar;
    this.#avatar = avatar;
    this.#showStill();
    clip.poster = avatar.poster;
    place.hidden = sizing.hidden = canvas.hidden = !photo;
    facts.hidden = !video;
    if (photo) {
      size.value = photo.size;
      this.#frame.show(photo);
    } else {
      const told = { n: this.#words.number(video.seconds, 0), p: this.#words.number(video.seen * 100, 0) };
      const mouth = video.calmed ? "avatar.video.calmed" : "avatar.video.calm";
      facts.textContent = `${this.#words.t("avatar.video", told)} ${this.#words.t(mouth)}`;
    }
  }

  /** Shows the small picture as it will be, and in how many pixels. */
  #showShape() {
    const { picture, canvas, size, pixels, coarse } = this.#parts;
    const { crop } = this.#frame;
    if (!crop) return;
    this.#showStill();
    const { width, height } = outputSize(crop, Number(size.value));
    pixels.textContent = `${width} × ${height}`;
    coarse.hidden = Number(size.value) <= Math.max(crop.width, crop.height) + 1; // sizes are even
    const scale = picture.naturalWidth / this.#avatar.photo.width;
    const part = [crop.left, crop.top, crop.width, crop.height].map((length) => length * scale);
    Object.assign(canvas, outputSize(crop, LIKENESS));
    if (scale) canvas.getContext("2d").drawImage(picture, ...part, 0, 0, canvas.width, canvas.height);
  }

  /** Puts the picture in the place of a clip that is played or made. */
  #showStill() {
    const { clip, canvas } = this.#parts;
    this.#making.abort();
    if (!clip.src) return;
    URL.revokeObjectURL(clip.src);
    clip.removeAttribute("src");
    clip.load();
    canvas.hidden = !this.#avatar.photo;
  }
}

function sameAvatar(a, b) {
  return JSON.stringify([a.name, a.photo]) === JSON.stringify([b.name, b.photo]);
}
