// Hides a jump of the picture: the frame before it stays and fades away over what comes after.

export class Curtain {
  #canvas;
  #video;

  constructor(canvas, video) {
    this.#canvas = canvas;
    this.#video = video;
  }

  /** Holds the picture that is shown now. */
  hold() {
    const { videoWidth: width, videoHeight: height } = this.#video;
    if (!width) return;
    this.#canvas.width = width;
    this.#canvas.height = height;
    this.#canvas.getContext("2d").drawImage(this.#video, 0, 0, width, height);
    this.#canvas.classList.remove("fading");
    this.#canvas.hidden = false;
  }

  /** Lets it fade. */
  lift() {
    // The style must be computed once before the class changes, or there is nothing to fade from.
    void this.#canvas.offsetWidth;
    this.#canvas.classList.add("fading");
  }
}
