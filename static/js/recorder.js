// Recording from the microphone, with a level to look at. Nothing leaves the browser here.

const QUIETEST = -60; // dB below full scale: the left end of the meter
const TYPES = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"]; // as browsers have them

/** How far the meter goes for some samples in [-1, 1]: 0…1, even in decibels. */
export function meterOf(samples) {
  const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
  const decibels = 10 * Math.log10(power || Number.MIN_VALUE);
  return Math.min(Math.max(1 - decibels / QUIETEST, 0), 1);
}

/** What a clock shows: seconds so far and left, and whether it is enough for a voice. */
export function clockAt(seconds, { shortest, longest }) {
  const spoken = Math.floor(seconds);
  return { spoken, left: Math.max(longest - spoken, 0), enough: seconds >= shortest, over: seconds >= longest };
}

/** The first kind of file that this browser can record. */
export function recordable(isSupported) {
  return TYPES.find(isSupported) ?? "";
}

/** Whether this browser lets this page record: it must be new enough, and the page from localhost or https. */
export function mayRecord() {
  return Boolean(globalThis.MediaRecorder && navigator.mediaDevices?.getUserMedia);
}

export class Recorder {
  #onSound;
  #running = null; // {stream, recorder, context, frame, cancelled}

  /** onSound(meter, seconds): what is heard now, for every picture the screen shows. */
  constructor(onSound) {
    this.#onSound = onSound;
  }

  get running() {
    return this.#running !== null;
  }

  /** Begins; resolves to the recording once it is stopped, or to null if it is cancelled. Rejects without a microphone. */
  async record() {
    // What makes calls clear would change the voice, or overload it.
    const wish = { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    const stream = await navigator.mediaDevices.getUserMedia({ audio: wish });
    const type = recordable((name) => MediaRecorder.isTypeSupported(name));
    const recorder = new MediaRecorder(stream, { mimeType: type, audioBitsPerSecond: 128_000 });
    const pieces = [];
    recorder.addEventListener("dataavailable", ({ data }) => pieces.push(data));
    const stopped = new Promise((resolve) => recorder.addEventListener("stop", resolve, { once: true }));
    this.#running = { stream, recorder, context: new AudioContext(), frame: 0, cancelled: false };
    recorder.start();
    this.#listen(this.#running);
    await stopped;
    const { cancelled } = this.#running;
    this.#close();
    return cancelled ? null : new Blob(pieces, { type: recorder.mimeType.split(";")[0] });
  }

  stop() {
    this.#running?.recorder.stop();
  }

  cancel() {
    if (this.#running) this.#running.cancelled = true;
    this.stop();
  }

  #listen(running) {
    const analyser = running.context.createAnalyser();
    running.context.createMediaStreamSource(running.stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const begin = performance.now();
    const look = () => {
      running.frame = requestAnimationFrame(look);
      analyser.getFloatTimeDomainData(samples);
      this.#onSound(meterOf(samples), (performance.now() - begin) / 1000);
    };
    look();
  }

  #close() {
    const { stream, context, frame } = this.#running;
    cancelAnimationFrame(frame);
    for (const track of stream.getTracks()) track.stop(); // the browser shows that nobody listens any more
    context.close();
    this.#running = null;
  }
}
