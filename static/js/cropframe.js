// A photo with a frame around what is shown of it: moved and resized by pointer and by keys; faces to choose from.

import { limitsOf, moved, resized } from "./crop.js";

const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const STEP = 0.02; // of the photo's longer side; one pixel with Shift

export class CropFrame {
  #parts;
  #words;
  #onChange;
  #onFace;
  #photo = null; // as the server tells it
  #crop = null;

  /**
   * parts: {photo, picture, frame, faces}: the place, its <img>, the frame (with a `data-corner` button for each
   * corner), and the list of faces; onChange(): the user has changed the crop;
   * onFace(index): the user wants another face to speak.
   */
  constructor({ parts, words, onChange, onFace }) {
    this.#parts = parts;
    this.#words = words;
    this.#onChange = onChange;
    this.#onFace = onFace;
    this.#listen(parts.frame.querySelector("[data-move]"), (crop, ...by) => moved(crop, ...by, limitsOf(this.#photo)));
    for (const corner of parts.frame.querySelectorAll("[data-corner]")) {
      const where = corner.dataset.corner;
      this.#listen(corner, (crop, ...by) => resized(crop, where, ...by, limitsOf(this.#photo)));
    }
  }

  /** Shows a photo as the server tells it. */
  show(photo) {
    const { photo: place, picture, faces } = this.#parts;
    this.#photo = photo;
    place.style.setProperty("--ratio", photo.width / photo.height);
    if (picture.getAttribute("src") !== photo.picture) picture.src = photo.picture;
    faces.hidden = photo.faces.length < 2;
    faces.replaceChildren(...photo.faces.map((face, index) => this.#faceItem(face, index)));
    this.#set(photo.crop);
  }

  get crop() {
    return this.#crop;
  }

  #set(crop) {
    this.#crop = crop;
    this.#place(this.#parts.frame, crop);
    this.#onChange();
  }

  /** Puts an element over a part of the photo. */
  #place(element, { left, top, width, height }) {
    const share = { left: left / this.#photo.width, width: width / this.#photo.width };
    Object.assign(share, { top: top / this.#photo.height, height: height / this.#photo.height });
    for (const [side, part] of Object.entries(share)) element.style[side] = `${part * 100}%`;
  }

  /** change(crop, dx, dy): what becomes of the crop when this handle is moved by so many pixels of the photo. */
  #listen(handle, change) {
    let held = null; // {x, y, crop}: where the handle was taken, and the crop then
    handle.addEventListener("pointerdown", ({ pointerId, clientX: x, clientY: y, button }) => {
      if (button !== 0) return;
      handle.setPointerCapture(pointerId);
      held = { x, y, crop: this.#crop };
    });
    handle.addEventListener("pointermove", ({ clientX, clientY }) => {
      if (!held) return;
      const scale = this.#photo.width / this.#parts.photo.clientWidth;
      this.#set(change(held.crop, (clientX - held.x) * scale, (clientY - held.y) * scale));
    });
    for (const end of ["pointerup", "pointercancel"]) handle.addEventListener(end, () => (held = null));
    handle.addEventListener("keydown", (event) => {
      const way = KEYS[event.key];
      if (!way) return;
      event.preventDefault(); // else the sheet would scroll
      const step = event.shiftKey ? 1 : Math.max(this.#photo.width, this.#photo.height) * STEP;
      this.#set(change(this.#crop, way[0] * step, way[1] * step));
    });
  }

  #faceItem({ box, fault }, index) {
    const item = document.createElement("li");
    const button = document.createElement("button");
    const chosen = index === this.#photo.face;
    const place = { k: index + 1, n: this.#photo.faces.length };
    const name = this.#words.t("avatar.face", place);
    button.type = "button";
    button.textContent = place.k;
    button.setAttribute("aria-label", fault ? `${name}: ${fault}` : name);
    button.title = fault ?? name;
    button.setAttribute("aria-pressed", String(chosen));
    button.setAttribute("aria-disabled", String(fault !== null));
    button.addEventListener("click", () => this.#onFace(index));
    item.append(button);
    this.#place(item, box);
    return item;
  }
}
