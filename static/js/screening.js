// Shows a film with its words beside it, the one being said marked.

import { clipAt, clipOf } from "./cues.js";

export class Screening {
  #video;
  #captions;
  #clips = []; // of each caption
  #showing = null; // where the film is

  /** onFailure(): the browser cannot play the film; its picture is left. */
  constructor(video, captions, onFailure) {
    this.#video = video;
    this.#captions = captions;
    video.addEventListener("error", () => {
      if (!this.#showing) return;
      this.#withControls(false);
      onFailure();
    });
    for (const event of ["timeupdate", "seeked"]) video.addEventListener(event, () => this.#follow());
    video.addEventListener("playing", () => this.#watch());
  }

  /** Shows a picture where no film is to be seen. */
  pose(picture) {
    if (this.#showing) this.#clear();
    this.#video.poster = picture;
  }

  /** film: `{film, webvtt, poster}`; language: of its words' name. */
  show({ film, webvtt, poster }, label) {
    if (this.#showing === film) return;
    this.#clear();
    this.#showing = film;
    const track = document.createElement("track");
    Object.assign(track, { kind: "captions", src: webvtt, label });
    track.addEventListener("load", () => this.#read(track.track.cues));
    this.#video.append(track);
    track.track.mode = "hidden"; // its words stand under the picture; the browser's menu can bring them into it
    Object.assign(this.#video, { poster, src: film });
    this.#withControls(true);
  }

  #clear() {
    this.#showing = null;
    this.#clips = [];
    this.#captions.clear();
    this.#video.replaceChildren();
    this.#video.removeAttribute("src");
    this.#withControls(false);
    this.#video.load();
  }

  #withControls(controls) {
    Object.assign(this.#video, { controls, tabIndex: controls ? 0 : -1 });
  }

  #read(cues) {
    this.#clips = Array.from(cues, clipOf);
    this.#follow();
  }

  /** Marks the word with every picture, where the browser tells of pictures. */
  #watch() {
    this.#follow();
    if (!this.#video.paused) this.#video.requestVideoFrameCallback?.(() => this.#watch());
  }

  #follow() {
    if (!this.#clips.length) return;
    const { currentTime } = this.#video;
    this.#captions.show(clipAt(this.#clips, currentTime * 1000), currentTime);
  }
}
