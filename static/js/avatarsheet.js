// The sheet in which an avatar of one's own is brought, watched while it is prepared, and edited.

import { AvatarEditor } from "./avatareditor.js";
import { Uploader } from "./uploader.js";

const MEGABYTE = 2 ** 20;

export class AvatarSheet {
  #parts;
  #words;
  #api;
  #sentence;
  #preparations;
  #onClose;
  #uploader;
  #editor;
  #limits = null; // bytes of a photo and of a video that the server takes
  #watched = null; // id of the preparation that is shown
  #saved = null; // the avatar that was saved since the sheet was opened
  #sending = new AbortController();

  /**
   * parts: elements by name, see templates/avatars.html; sentence(error): what to tell people of it;
   * onClose(avatar): the sheet was closed, and this avatar (if any) saved.
   */
  constructor({ parts, words, api, sentence, preparations, onClose }) {
    this.#parts = parts;
    this.#words = words;
    this.#api = api;
    this.#sentence = sentence;
    this.#preparations = preparations;
    this.#onClose = onClose;
    const onPick = (file) => file && this.#send(file);
    this.#uploader = new Uploader({ ...parts, words, judging: "avatar.judging", onPick });
    const tell = (kind, text) => this.#uploader.say(kind, text);
    const onEnd = (avatar) => this.#end(avatar);
    this.#editor = new AvatarEditor({ parts, words, api, sentence, tell, onEnd });
    this.#listen();
  }

  /** What the server takes: `{photo, video}`, in bytes. */
  set limits(limits) {
    this.#limits = limits;
  }

  /** Opens, ready for a file; with one that the user has given, sends it. */
  bring(file = null) {
    this.#open("bring", "avatar.own");
    if (file) this.#uploader.take(file);
  }

  /** Opens with a preparation that goes on, or has failed. */
  watch(preparation) {
    this.#open("preparing", "avatar.own");
    this.#watch(preparation);
  }

  /** Opens with an avatar that is there. */
  edit(avatar) {
    this.#open("edit", "avatar.edit");
    this.#editor.open(avatar);
  }

  /** Shows what is new of a preparation, if it is looked at. */
  tell(preparation) {
    if (preparation.id === this.#watched) this.#watch(preparation);
  }

  translate() {
    this.#uploader.translate();
    this.#editor.translate();
  }

  #listen() {
    const { dialog, close, giveUp } = this.#parts;
    close.addEventListener("click", () => dialog.close());
    giveUp.addEventListener("click", () => {
      this.#preparations.drop(this.#watched);
      dialog.close();
    });
    dialog.addEventListener("close", async () => {
      this.#sending.abort();
      if (this.#preparations.get(this.#watched)?.state === "failed") this.#preparations.drop(this.#watched);
      this.#watched = null;
      await this.#editor.leave();
      this.#onClose(this.#saved);
    });
  }

  #open(stage, title) {
    this.#saved = null;
    this.#uploader.take(null);
    this.#showFound(null);
    this.#parts.dialog.showModal();
    this.#stage(stage, title);
  }

  /** stage: "bring", "preparing" or "edit". */
  #stage(stage, key) {
    const { bring, preparing, form, title } = this.#parts;
    bring.hidden = stage !== "bring";
    preparing.hidden = stage !== "preparing";
    form.hidden = stage !== "edit";
    title.dataset.t = key;
    title.textContent = this.#words.t(key);
    title.focus();
  }

  // Bringing one.

  async #send(file) {
    const { signal } = (this.#sending = new AbortController());
    const { zone } = this.#parts;
    this.#showFound(null);
    const most = this.#limits[file.type.startsWith("image/") ? "photo" : "video"];
    if (file.size > most) return this.#refuse(this.#words.t("upload.tooLarge", { n: Math.floor(most / MEGABYTE) }));
    const form = new FormData();
    form.set("file", file);
    zone.inert = true;
    try {
      const answer = await this.#uploader.watch((onProgress) => this.#api.addAvatar(form, onProgress, signal));
      if ("progress" in answer) this.#prepare(answer);
      else this.#greet(answer);
    } catch (error) {
      if (!signal.aborted) this.#refuse(this.#sentence(error), error.found);
    } finally {
      zone.inert = false;
    }
  }

  #prepare(preparation) {
    this.#stage("preparing", "avatar.own");
    this.#uploader.say("", "");
    this.#watched = preparation.id;
    this.#preparations.follow(preparation);
  }

  async #watch({ id, state, percent, error, found, avatar }) {
    const { percentage, prepared } = this.#parts;
    this.#watched = id;
    prepared.value = percent / 100;
    percentage.textContent = this.#words.t("avatar.percent", { n: percent });
    if (state === "failed") this.#refuse(error, found);
    if (state !== "ready") return;
    this.#watched = null;
    this.#greet(await this.#api.avatar(avatar));
  }

  #greet(avatar) {
    this.#stage("edit", "avatar.new");
    this.#editor.open(avatar);
    this.#uploader.say("good", this.#words.t(avatar.photo ? this.#verdictOn(avatar.photo) : "avatar.good"));
  }

  #verdictOn({ faces }) {
    return faces.length > 1 ? "avatar.several" : "avatar.good";
  }

  /** found: a picture of what was found, as a data URL. */
  #refuse(text, found = null) {
    this.#stage("bring", "avatar.own");
    this.#uploader.take(null);
    this.#showFound(found);
    this.#uploader.say("refused", text);
  }

  #showFound(address) {
    const { found } = this.#parts;
    found.hidden = !address;
    if (address) found.src = address;
    else found.removeAttribute("src");
  }

  #end(avatar) {
    this.#saved = avatar;
    this.#parts.dialog.close();
  }
}
