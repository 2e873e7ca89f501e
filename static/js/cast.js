// Who speaks in a conversation: its script has chosen, the page only tells.

const AUTO = "auto";

export class Cast {
  #element;
  #words;
  #known = null;

  constructor(element, words) {
    this.#element = element;
    this.#words = words;
    words.onChange(() => this.#write());
  }

  /** talk: the session; avatar, voices: what the server tells of the avatar and of all voices. */
  show(known) {
    this.#known = known;
    this.#write();
  }

  #write() {
    if (!this.#known) return;
    const { talk, avatar, voices } = this.#known;
    const voice = voices.find(({ id }) => id === talk.voice);
    const lines = {
      avatar: this.#words.nameOf(avatar.name),
      voice: voice ? this.#words.nameOf(voice.name) : this.#orAuto(talk.voice),
      language: talk.language === AUTO ? this.#words.t("language.auto") : this.#words.languageName(talk.language),
      lips: this.#orAuto(talk.lips),
    };
    for (const [name, line] of Object.entries(lines)) {
      const place = this.#element.querySelector(`[data-cast="${name}"]`);
      place.textContent = place.title = line;
    }
  }

  #orAuto(name) {
    return name === AUTO ? this.#words.t("auto") : name;
  }
}
