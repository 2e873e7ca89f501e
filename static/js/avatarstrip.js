// The avatars to choose from: a radio for each, then a button for each video that is being prepared.

export class AvatarStrip {
  #list;
  #words;
  #onChoose;
  #onWatch;

  /** list: where they stand; onChoose(id): the user has chosen; onWatch(id): wants to see this preparation. */
  constructor({ list, words, onChoose, onWatch }) {
    this.#list = list;
    this.#words = words;
    this.#onChoose = onChoose;
    this.#onWatch = onWatch;
  }

  /** Shows avatars as the server tells them. */
  show(avatars, chosen) {
    this.#replace("label", avatars.map((avatar) => this.#tile(avatar, avatar.id === chosen)), "prepend");
  }

  /** Shows preparations as the server tells them. */
  showPreparations(preparations) {
    this.#replace("button", preparations.map((preparation) => this.#preparationTile(preparation)), "append");
  }

  /** Marks an avatar as the one chosen. */
  choose(id) {
    const radio = this.#find(id);
    radio.checked = true;
    radio.parentElement.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  focus(id) {
    this.#find(id)?.focus();
  }

  #find(id) {
    return this.#list.querySelector(`[value="${CSS.escape(id)}"]`);
  }

  #replace(kind, tiles, where) {
    const focused = this.#list.contains(document.activeElement) ? document.activeElement.value : null;
    for (const tile of this.#list.querySelectorAll(kind)) tile.remove();
    this.#list[where](...tiles);
    if (focused !== null && document.activeElement.value !== focused) this.focus(focused);
  }

  #tile({ id, name, thumbnail }, chosen) {
    const radio = Object.assign(document.createElement("input"), { type: "radio", name: "avatar", value: id });
    radio.checked = chosen;
    radio.addEventListener("change", () => this.#onChoose(id));
    const face = Object.assign(document.createElement("img"), { src: thumbnail, alt: "", draggable: false });
    face.className = "tile-face";
    const tile = document.createElement("label");
    tile.className = "tile";
    tile.append(radio, face, caption(this.#words.nameOf(name)));
    return tile;
  }

  #preparationTile({ id, state, percent }) {
    const tile = Object.assign(document.createElement("button"), { type: "button", className: "tile", value: id });
    tile.dataset.state = state;
    tile.style.setProperty("--share", `${percent}%`);
    const face = document.createElement("span");
    face.className = "tile-face";
    face.textContent = state === "failed" ? "!" : `${percent} %`;
    tile.append(face, caption(this.#words.t(`avatar.tile.${state}`)));
    tile.addEventListener("click", () => this.#onWatch(id));
    return tile;
  }
}

function caption(text) {
  return Object.assign(document.createElement("span"), { className: "tile-name", textContent: text, title: text });
}
