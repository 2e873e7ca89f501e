// Who speaks: the avatars to choose from, those of one's own among them. Every page with templates/avatars.html has it.

import { AvatarSheet } from "./avatarsheet.js";
import { AvatarStrip } from "./avatarstrip.js";
import { Preparations } from "./preparations.js";
import { acceptDrops } from "./uploader.js";

export class Avatars {
  #parts;
  #api;
  #onChoice;
  #strip;
  #preparations;
  #sheet;
  #offer = null; // of the server: {avatars, default, limits}
  #chosen = null; // id

  /**
   * parts: elements by name, see templates/avatars.html; sentence(error): what to tell people of it;
   * onChoice(): somebody else is to speak, or looks otherwise now.
   */
  constructor({ parts, words, api, sentence, onChoice }) {
    this.#parts = parts;
    this.#api = api;
    this.#onChoice = onChoice;
    this.#preparations = new Preparations(api, (preparation) => this.#news(preparation));
    this.#strip = new AvatarStrip({
      list: parts.list,
      words,
      onChoose: (id) => this.#choose(id),
      onWatch: (id) => this.#sheet.watch(this.#preparations.get(id)),
    });
    const onClose = (saved) => this.#refresh(saved);
    this.#sheet = new AvatarSheet({ parts, words, api, sentence, preparations: this.#preparations, onClose });
    parts.add.addEventListener("click", () => this.#sheet.bring());
    parts.change.addEventListener("click", () => this.#sheet.edit(this.chosen));
    acceptDrops(parts.strip, (file) => this.#offer && this.#sheet.bring(file));
  }

  /** Shows what the server offers. */
  open(offer) {
    this.#offer = offer;
    this.#chosen ??= offer.default;
    this.#sheet.limits = offer.limits;
    this.#parts.add.disabled = false;
    this.translate();
    this.#showChange();
  }

  /** Writes the names anew after a change of the page's language. */
  translate() {
    if (!this.#offer) return;
    this.#strip.show(this.#offer.avatars, this.#chosen);
    this.#strip.showPreparations(this.#preparations.list);
    this.#sheet.translate();
  }

  /** The avatar chosen, as the server tells it. */
  get chosen() {
    return this.#find(this.#chosen);
  }

  /** Chooses an avatar, if it is still there. */
  restore(id) {
    if (!this.#find(id)) return;
    this.#chosen = id;
    this.#strip.choose(id);
    this.#showChange();
  }

  #find(id) {
    return this.#offer.avatars.find((avatar) => avatar.id === id);
  }

  #choose(id) {
    this.#chosen = id;
    this.#showChange();
    this.#onChoice();
  }

  #news(preparation) {
    this.#sheet.tell(preparation);
    this.#strip.showPreparations(this.#preparations.list);
    if (preparation.state === "ready") this.#refresh(null);
  }

  /** Asks the server anew; an avatar that was saved or made is chosen, one that is gone is not. */
  async #refresh(saved) {
    const before = this.chosen;
    this.#offer = await this.#api.avatars();
    if (saved && this.#find(saved.id)) this.#chosen = saved.id;
    if (!this.chosen) this.#chosen = this.#offer.default;
    this.translate();
    this.#strip.choose(this.#chosen);
    this.#showChange();
    if (document.activeElement === document.body) this.#strip.focus(this.#chosen);
    if (this.chosen.poster !== before.poster) this.#onChoice();
  }

  #showChange() {
    this.#parts.change.hidden = !this.chosen.photo && !this.chosen.video;
  }
}
