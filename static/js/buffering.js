// How much speech must lie ready before the first word, so that it never stalls once it has begun.

/** Measured speeds wander; reckon with making that is slower by this factor. */
const CAUTION = 1.15;
/** The delay of a single answer wanders more. */
const DOUBT = 1.5;
/** Seconds of speech that must be there in any case. */
const LEAST = 0.2;
/** Seconds of speech made ahead of the one that is heard. */
export const LOOK_AHEAD = 12;
/** Requests under way at a time. */
export const IN_FLIGHT = 2;

/**
 * Seconds of speech that must lie ready before `remaining` seconds of it may begin.
 *
 * With b seconds ready the rest takes ratio × (remaining − b) to make, and that must be over when
 * the listener gets there, so b = remaining × (1 − 1 / ratio). Nothing if making is faster than speaking.
 */
export function bufferNeeded(ratio, remaining) {
  const slow = ratio * CAUTION;
  return slow <= 1 ? 0 : remaining * (1 - 1 / slow);
}

/** May speech begin? `buffered` seconds lie ready of `remaining`; `ratio` is null while it is unknown. */
export function canBegin({ buffered, remaining, ratio, complete }) {
  if (complete) return true;
  if (ratio === null || buffered < LEAST) return false;
  return buffered >= bufferNeeded(ratio, remaining);
}

/** Seconds until speech may begin. */
export function waitBeforeSpeech({ buffered, remaining, ratio }) {
  if (ratio === null) return 0;
  return Math.max(0, bufferNeeded(ratio, remaining) - buffered) * ratio;
}

/** Will the chunk after this one, asked for `asked` seconds ago, come before this one's `speech` seconds are over? */
export function comesInTime({ speech, delay, asked }) {
  return delay * DOUBT - asked <= speech;
}

/** May the next chunk be asked for? `ahead`: seconds asked for and not yet heard; `lastMade`: part of the last one. */
export function mayRequest({ inFlight, lastMade, ahead, needed }) {
  // Not before the last one's first fragment is there: what is heard first is made first.
  return inFlight < IN_FLIGHT && lastMade > 0 && ahead < LOOK_AHEAD + needed;
}

/** Seconds that a text will take to speak, judged by chunks whose length is known: `[{text, seconds|null}]`. */
export function estimateSpeech(chunks, secondsPerCharacter = 0.075) {
  const known = chunks.filter(({ seconds }) => seconds !== null);
  const characters = known.reduce((sum, { text }) => sum + text.length, 0);
  const pace = characters ? known.reduce((sum, { seconds }) => sum + seconds, 0) / characters : secondsPerCharacter;
  return chunks.reduce((sum, { text, seconds }) => sum + (seconds ?? text.length * pace), 0);
}

/** Measures how long a second of speech takes to make. */
export class Pace {
  #spent = 0; // seconds of the clock
  #made = 0; // seconds of speech made in them
  #last = null; // when speech last came, while work goes on
  #preparing = 0;

  /** Seconds of the clock for one second of speech; null while nothing has been measured. */
  get ratio() {
    if (this.#made === 0) return null;
    return Math.max(this.#spent / this.#made, this.#preparing);
  }

  /** A voice took `spent` seconds before drawing of its `speech` seconds could begin. */
  prepared(spent, speech) {
    this.#preparing = spent / speech;
  }

  /** `speech` seconds came at `now` (s). The first after a rest starts the clock and counts for nothing. */
  made(speech, now) {
    if (this.#last !== null) {
      this.#spent += now - this.#last;
      this.#made += speech;
    }
    this.#last = now;
  }

  /** Nothing is being made; older measurements count half from here on. */
  rest() {
    this.#last = null;
    this.#spent /= 2;
    this.#made /= 2;
  }
}
