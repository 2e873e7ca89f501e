// The one timeline on which the avatar lives: idle motion and spoken clips, one after another.
//
// Time is counted in frames, so that seams are exact; seconds appear only where the <video> is asked.
// A *pose* is a place in the avatar's idle motion. Motion is continuous where poses follow each
// other by one, and idle motion may be entered only at a pose that begins a fragment.

export const FPS = 25;
export const FRAGMENT = 5; // frames in a fragment, 0.2 s

/** Decoders have read this many seconds ahead of what is seen; what lies nearer cannot be replaced. */
export const SPLICE_LEAD = 0.25;
/** The same where the sound is AAC, whose decoder starts anew at a splice. */
export const SPLICE_LEAD_AAC = 0.5;

/** A clip that came early waits this many frames at most for the pose it was drawn for. */
export const MAX_WAIT = 5;

/** How close, in seconds, the end of a spoken clip may come before idle motion fills in for the next one. */
export const SEAM_PATIENCE = 0.35;

/** After it has run dry a browser may ask for more before it plays on, and says not how much: seconds. */
export const AGAINST_STALL = 10;

/** Seconds of speech that are appended ahead of what is seen; browsers limit what a buffer may hold. */
export const MOST_AHEAD = 60;

const EPSILON = 1e-4; // seconds; what a double loses on the way through the media element

export const toSeconds = (frames) => frames / FPS;
/** The frame shown at a moment. */
export const frameAt = (seconds) => Math.floor((seconds + EPSILON) * FPS);
/** The first frame that begins at or after a moment. */
export const frameFrom = (seconds) => Math.max(0, Math.ceil((seconds - EPSILON) * FPS));
/** The pose nearest to this one that begins a fragment. */
export const fragmentPose = (pose) => Math.round(pose / FRAGMENT) * FRAGMENT;

/** What has been appended: a run of segments `{start, frames, pose, clip}`, `clip` null for idle motion. */
export class Timeline {
  #segments = [];

  /** The frame after the last one appended. */
  get end() {
    const last = this.#segments.at(-1);
    return last ? last.start + last.frames : 0;
  }

  /** Where the idle motion at the end began; `end` if a clip is last. */
  get idleFrom() {
    const last = this.#segments.at(-1);
    return last && last.clip === null ? last.start : this.end;
  }

  get endsInSpeech() {
    return this.#segments.at(-1)?.clip != null;
  }

  /** Whether the face at the end was drawn to speak on. */
  get endsSpeaking() {
    return this.#segments.at(-1)?.clip?.continues ?? false;
  }

  /** Adds frames at the end; they join the last segment where clip and motion go on. */
  append({ frames, pose, clip = null }) {
    const last = this.#segments.at(-1);
    if (last && last.clip === clip && last.pose + last.frames === pose) last.frames += frames;
    else this.#segments.push({ start: this.end, frames, pose, clip });
  }

  /** Forgets everything from a frame on. */
  cut(frame) {
    this.#segments = this.#segments.filter((segment) => segment.start < frame);
    const last = this.#segments.at(-1);
    if (last) last.frames = Math.min(last.frames, frame - last.start);
  }

  /** Forgets the segments that end at or before a frame. */
  forget(frame) {
    this.#segments = this.#segments.filter((segment) => segment.start + segment.frames > frame);
  }

  segmentAt(frame) {
    return this.#segments.find(({ start, frames }) => start <= frame && frame < start + frames) ?? null;
  }

  /** The pose at a frame; past the end the motion is thought to go on. */
  poseAt(frame) {
    const segment = this.segmentAt(frame) ?? this.#segments.at(-1);
    return segment ? segment.pose + frame - segment.start : frame;
  }

  /** The last frame at or before this one where decoding can begin: what lies before it may be thrown away. */
  keyframeBefore(frame) {
    const segment = this.segmentAt(frame);
    if (!segment) return 0;
    if (segment.clip) return segment.start;
    return segment.start + Math.floor((frame - segment.start) / FRAGMENT) * FRAGMENT;
  }
}

/**
 * The frame nearest to `now + lead` seconds where the motion stands at the beginning of a fragment.
 * It may come two frames too early: so much of the motion is left out unnoticed, while waiting is noticed.
 */
export function planStart(timeline, now, lead) {
  const wanted = frameFrom(now + lead);
  const pose = timeline.poseAt(wanted);
  return wanted + fragmentPose(pose) - pose;
}

/**
 * The frame where a clip enters. Behind speech: exactly at its end. In idle motion: at the frame whose
 * pose the clip was drawn for if that is near, else as soon as it can be, with a jump of the head.
 */
export function spliceFrame(timeline, now, pose, lead = SPLICE_LEAD) {
  if (timeline.endsInSpeech) return timeline.end;
  const earliest = Math.max(timeline.idleFrom, Math.min(frameFrom(now + lead), timeline.end));
  const wait = pose - timeline.poseAt(earliest);
  const fitting = earliest + wait;
  return wait >= 0 && wait <= MAX_WAIT && fitting <= timeline.end ? fitting : earliest;
}

/**
 * What to append next, or null if nothing is due.
 *
 * now, lead, horizon: seconds. stalled: the browser waits though something is there. placed: the clip that is being appended, `{waiting: frames}`, or null.
 * next: the clip after it, `{pose, ready}`, or null while it is unknown. expected: more speech is to come.
 */
export function nextMove({ timeline, now, lead = SPLICE_LEAD, horizon, stalled = false, placed, next, expected }) {
  const ahead = toSeconds(timeline.end) - now;
  if (placed) return placed.waiting > 0 && ahead < MOST_AHEAD ? { kind: "speech" } : null;
  if (next?.ready) return { kind: "splice", frame: spliceFrame(timeline, now, next.pose, lead) };
  let patience = expected && timeline.endsInSpeech ? Math.min(horizon, SEAM_PATIENCE) : horizon;
  if (stalled) patience = AGAINST_STALL;
  return ahead < patience ? { kind: "idle", pose: fragmentPose(timeline.poseAt(timeline.end)) } : null;
}
