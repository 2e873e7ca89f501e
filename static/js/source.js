// Media Source Extensions as the player needs them: one buffer, one operation at a time.

const PICTURE = "avc1.64001F";
// FLAC joins sample for sample; AAC has to be cut to its place. Safari spells FLAC its own way.
const SOUNDS = [
  { sound: "flac", codec: "flac" },
  { sound: "flac", codec: "fLaC" },
  { sound: "aac", codec: "mp4a.40.2" },
];

/** Thrown where the browser cannot play what the server sends. */
export class Unplayable extends Error {}

/** Thrown by what is under way when the <video> lets go of a source. */
export class SourceClosed extends Error {}

/** The sound and MIME type to use here; `only` narrows the choice to one sound. */
export function chooseFormat(only = null) {
  const MediaSourceType = mediaSourceType();
  const format = SOUNDS.filter(({ sound }) => !only || sound === only)
    .map(({ sound, codec }) => ({ sound, type: `video/mp4; codecs="${PICTURE}, ${codec}"` }))
    .find(({ type }) => MediaSourceType?.isTypeSupported(type));
  if (!format) throw new Unplayable("no format that this browser plays");
  return format;
}

function mediaSourceType() {
  return globalThis.ManagedMediaSource ?? globalThis.MediaSource;
}

export class Source {
  #media;
  #buffer;
  #exact;

  /** Opens a source on a <video>; resolves when it takes data. */
  static async open(video, { type, sound }) {
    const source = new Source();
    const media = new (mediaSourceType())();
    video.disableRemotePlayback = true; // else ManagedMediaSource never opens
    const url = URL.createObjectURL(media);
    video.src = url;
    await event(media, "sourceopen");
    URL.revokeObjectURL(url);
    media.duration = Infinity;
    source.#media = media;
    source.#buffer = media.addSourceBuffer(type);
    source.#exact = sound === "flac";
    return source;
  }

  /** Appends whole segments, moved by `offset` seconds; [from, to) in seconds is the place they may fill. */
  append(bytes, { offset, from, to }) {
    return this.#update((buffer) => {
      buffer.timestampOffset = offset;
      if (!this.#exact) {
        // The order keeps start < end at every step.
        buffer.appendWindowEnd = Infinity;
        buffer.appendWindowStart = from;
        buffer.appendWindowEnd = to;
      }
      buffer.appendBuffer(bytes);
    });
  }

  /** Removes what lies from `from` to `to` seconds. */
  remove(from, to = Infinity) {
    return this.#update((buffer) => buffer.remove(from, to));
  }

  async #update(operation) {
    if (!this.open) throw new SourceClosed();
    const closed = new AbortController();
    operation(this.#buffer);
    await Promise.race([event(this.#buffer, "updateend"), event(this.#media, "sourceclose", closed.signal)]);
    closed.abort();
    if (!this.open) throw new SourceClosed();
  }

  get open() {
    return this.#media.readyState === "open";
  }
}

function event(target, name, signal) {
  return new Promise((resolve) => target.addEventListener(name, resolve, { once: true, signal }));
}
