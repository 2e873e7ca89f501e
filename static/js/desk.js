// The desk: the text, and who speaks it how. Every page that makes somebody speak has it.

import { Avatars } from "./avatars.js";
import { AUTO, Choices } from "./choices.js";
import { Draft } from "./draft.js";
import { OwnVoices } from "./ownvoices.js";
import { $, byName } from "./page.js";
import { stubbornly } from "./retries.js";
import { sentence } from "./sentences.js";
import { drawer } from "./weights.js";

const OWN_PARTS = [
  ...["open", "dialog", "close", "missing", "command", "form", "zone", "input", "label", "record", "recording", "meter"],
  ...["clock", "listen", "name", "consent", "save", "bar", "verdict", "empty", "list"],
];
const AVATAR_PARTS = [
  ...["strip", "list", "add", "change", "dialog", "title", "close", "bar", "verdict", "bring", "found", "zone", "input"],
  ...["label", "preparing", "percentage", "prepared", "giveUp", "form", "photo", "picture", "frame", "faces", "clip"],
  ...["canvas", "name", "sizing", "size", "pixels", "coarse", "facts", "speak", "save", "remove"],
];

export class Desk {
  #api;
  #words;
  #onOffer;
  #draft;
  #choices;
  #avatars;
  #ownVoices;
  #offer = null; // what the server offers: {voices, engines}; engines is null until they are all known

  /** onChoice(name): the user has chosen; onOffer(offer): the server offers this, in the page's language. */
  constructor({ api, words, onChoice = () => {}, onOffer = () => {} }) {
    this.#api = api;
    this.#words = words;
    this.#onOffer = onOffer;
    this.#draft = new Draft({ field: $("text"), count: $("count"), words });
    this.#choices = new Choices(byName("", ["language", "voice", "lips"]), words, (name) => {
      if (name === "language") this.#draft.suggestExample(this.values.language);
      this.#showBetterVoice();
      this.#showWeights();
      onChoice(name);
    });
    const shared = { words, api, sentence: (error) => sentence(error, words) };
    this.#avatars = new Avatars({
      ...shared,
      parts: byName("avatar-", AVATAR_PARTS),
      onChoice: () => {
        this.#showWeights();
        onChoice("avatar");
      },
    });
    this.#ownVoices = new OwnVoices({
      ...shared,
      parts: byName("own-", OWN_PARTS),
      onChange: (added) => this.#refreshVoices(added),
    });
    words.onChange(() => this.#translate());
    // Whoever comes back from the terminal may have taught the avatar meanwhile.
    addEventListener("focus", () => this.#drawer?.unable && this.#refreshEngines());
  }

  /**
   * Asks the server what there is to choose from, until it answers. It speaks before it knows all its engines: after its
   * start some load for seconds, and nobody waits for them.
   */
  async open() {
    const [avatars, voices] = await Promise.all([
      stubbornly(() => this.#api.avatars()),
      stubbornly(() => this.#api.voices()),
    ]);
    this.#offer = { voices, engines: null };
    this.#avatars.open(avatars);
    this.#choices.open(this.#offer);
    this.#showBetterVoice();
    this.#ownVoices.show(voices);
    this.#refreshEngines();
  }

  get isOpen() {
    return this.#offer !== null;
  }

  get text() {
    return this.#draft.text;
  }

  /** What is asked for: `{language, voice, avatar, lips}`; lips that have not learned the avatar give way to auto. */
  get values() {
    const { lips, ...others } = this.#choices.values;
    return { ...others, avatar: this.avatar.id, lips: this.#drawer?.unable ? AUTO : lips };
  }

  /** Puts back a text and what was chosen for it: `{text, language, voice, avatar, lips}`. */
  restore(request) {
    this.#draft.text = request.text;
    this.#choices.restore(request);
    this.#avatars.restore(request.avatar);
    this.#showBetterVoice();
    this.#showWeights();
  }

  /** What the server knows of the avatar chosen. */
  get avatar() {
    return this.#avatars.chosen;
  }

  voiceName(id) {
    return this.#choices.voiceName(id);
  }

  #translate() {
    this.#choices.translate();
    this.#avatars.translate();
    this.#draft.suggestExample(this.#words.language);
    this.#draft.translate();
    if (!this.#offer) return;
    this.#showBetterVoice();
    this.#showWeights();
    this.#ownVoices.show(this.#offer.voices);
    this.#refreshEngines();
  }

  /** Tells where only a robotic voice speaks, and what brings a natural one. */
  #showBetterVoice() {
    const { better } = this.#choices;
    $("better").hidden = !better;
    if (!better) return;
    const language = this.#words.languageName(better.language);
    $("better").replaceChildren(this.#words.t("better", { language }), " ", command(better.command));
  }

  /** Tells who draws the lips with what, and what teaches an engine that has not learned this avatar. */
  #showWeights() {
    const drawn = this.#drawer;
    if (!drawn) return;
    const { engine, weights, unable } = drawn;
    const t = (key, values) => this.#words.t(`weights.${key}`, values);
    const lesson = () => [t("unable", { unable, engine }), " ", command(this.avatar.training)];
    const line = unable ? lesson() : [weights ? t("drawn", { name: t(weights) }) : t("none", { engine })];
    // What is read aloud when it changes is left alone when it does not.
    const text = line.map((part) => part.textContent ?? part).join("");
    if ($("weights").textContent !== text) $("weights").replaceChildren(...line);
  }

  /** Who draws the lips, see weights.js; null until the engines are known. */
  get #drawer() {
    const engines = this.#offer?.engines;
    return engines ? drawer(engines, this.#choices.values.lips, this.avatar.id) : null;
  }

  /** The server's reasons come in the page's language. */
  async #refreshEngines() {
    this.#offer.engines = await stubbornly(() => this.#api.engines());
    this.#choices.openLips();
    this.#showWeights();
    this.#onOffer(this.#offer);
  }

  /** Own voices have come or gone; the one that came is chosen. */
  async #refreshVoices(added) {
    this.#offer.voices = await stubbornly(() => this.#api.voices());
    this.#choices.translate();
    if (added) this.#choices.chooseOwnVoice(added.id);
    this.#showBetterVoice();
    this.#ownVoices.show(this.#offer.voices);
  }
}

/** A command for the terminal, to be copied whole. */
function command(text) {
  const code = document.createElement("code");
  code.textContent = text;
  return code;
}
