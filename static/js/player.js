// The avatar on its one timeline: idle motion while silent, clips spliced in as they arrive.

import { concat } from "./boxes.js";
import { Curtain } from "./curtain.js";
import { Source, SourceClosed, chooseFormat } from "./source.js";
import * as timing from "./timeline.js";
import { FPS, Timeline, toSeconds } from "./timeline.js";

const IDLE_AHEAD = 1.2; // seconds of idle motion appended ahead of what is seen
const IDLE_AHEAD_HIDDEN = 6; // timers of a hidden tab run once a second at best
const DRY = 0.045; // seconds left at which to pause, before the decoder starves and drops a frame
const ENOUGH = 0.4; // seconds there must be before playing goes on
const STALL = 500; // ms of waiting after which a browser is taken to want more data than it has
const KEEP = 10; // seconds kept behind what is seen
const VISIBLE_JUMP = 2; // frames of idle motion that may be left out unnoticed

/**
 * Plays on one <video>. Callbacks:
 * onFrame(clip|null, seconds into it): a picture is shown; onBegin(clip), onEnd(clip): a clip is reached, is over;
 * onHold(held): nothing is left to play, there is again; onFailure(error): the browser gave up.
 * isNext(clip): is this the clip whose turn it is? mayBegin(clip): is enough there to begin speaking with it?
 */
export class Player {
  #video;
  #curtain;
  #callbacks;
  #format;
  #source = null;
  #idle = null;
  #coming = null; // idle motion of the avatar chosen last
  #timeline = new Timeline();
  #queue = []; // clips to come, in the order of their chunks
  #placed = null; // {clip, start}: the clip that is being appended
  #entered = []; // {clip, start, cut, begun}: clips on the timeline that are not over; cut: where it broke off
  #jumps = []; // frames before which the motion does not go on
  #init = null; // the init segment that holds for what is appended next
  #turn = Promise.resolve(); // operations on the source take turns
  #pumping = false;
  #held = false;
  #waitingSince = null; // ms, while the browser waits for data

  constructor(video, canvas, callbacks, { sound = null } = {}) {
    this.#video = video;
    this.#curtain = new Curtain(canvas, video);
    this.#callbacks = callbacks;
    this.#format = chooseFormat(sound);
    this.expected = false; // whether speech is to come after what has been queued
    video.addEventListener("timeupdate", () => this.#look());
    video.addEventListener("waiting", () => this.#waits(true));
    video.addEventListener("playing", () => this.#waits(false));
    video.addEventListener("error", () => callbacks.onFailure(video.error));
    document.addEventListener("visibilitychange", () => this.pump());
    setInterval(() => this.#look(), 250);
    this.#followAnimation();
    this.#followFrames();
  }

  /** "flac" or "aac": the sound that clips must have. */
  get sound() {
    return this.#format.sound;
  }

  /** Seconds between what is seen and where a clip may enter. */
  get #lead() {
    return this.sound === "flac" ? timing.SPLICE_LEAD : timing.SPLICE_LEAD_AAC;
  }

  /** Seconds appended and not yet seen. */
  get ahead() {
    return Math.max(0, toSeconds(this.#timeline.end) - this.#video.currentTime);
  }

  get held() {
    return this.#held;
  }

  /** Whether a clip is on the timeline or waits for its turn. */
  get speaking() {
    return this.#entered.length > 0 || this.#queue.length > 0;
  }

  /** Begins, or begins anew after a failure, with an avatar's idle motion. */
  async open(idle) {
    await this.#exclusively(async () => {
      this.#idle = idle;
      this.#forgetSpeech();
      this.#timeline = new Timeline();
      this.#init = null;
      this.#source = await Source.open(this.#video, this.#format);
    });
    await this.pump();
    await this.#play();
  }

  /** Goes on with another avatar; the one before stays until the other's idle motion begins to come. */
  async change(idle) {
    this.#coming = idle;
    await Promise.all([this.stop(), idle.begun]);
    if (this.#coming !== idle) return; // yet another has been chosen
    this.#idle = idle;
    // Should it speak already, its idle motion follows the speech.
    if (!this.speaking && this.#source?.open) await this.#exclusively(() => this.#snap());
    this.pump();
  }

  /** Must be called from within a click: lets the sound be heard. */
  unlock() {
    return this.#play();
  }

  /**
   * The pose at which a clip can enter that comes `delay` seconds from now: right behind `before`, the clip
   * whose turn is before it, if that is not over by then.
   */
  planPose(delay, before = null) {
    const lead = delay + this.#lead;
    const entry = this.#entered.find(({ clip }) => clip === before);
    const queued = before && !entry;
    if (queued || (entry && toSeconds(end(entry)) >= this.#video.currentTime + lead)) return before.nextPose;
    return this.#timeline.poseAt(timing.planStart(this.#timeline, this.#video.currentTime, lead));
  }

  /** Queues a clip behind those of earlier chunks. */
  enqueue(clip) {
    this.#queue.push(clip);
    this.#queue.sort((a, b) => a.index - b.index);
    this.pump();
  }

  /** Drops a clip that will not be completed; what was appended of it is still played. */
  abandon(clip) {
    this.#queue = this.#queue.filter((queued) => queued !== clip);
    if (this.#placed?.clip === clip) this.#placed = null;
    const entry = this.#entered.find((entered) => entered.clip === clip);
    if (entry) {
      entry.cut = this.#timeline.end;
      this.#jumps.push(entry.cut);
    }
    this.pump();
  }

  /** Falls silent at once. */
  async stop() {
    const now = this.#video.currentTime;
    const speech = [timing.frameAt(now), timing.frameFrom(now + this.#lead)].some(
      (frame) => this.#timeline.segmentAt(frame)?.clip,
    );
    if (speech) this.#silence();
    await this.#exclusively(async () => {
      const entered = this.#entered[0]?.start;
      this.#forgetSpeech();
      if (!this.#source?.open) return;
      if (speech) await this.#snap();
      else if (entered !== undefined) await this.#cut(entered);
    });
    this.pump();
  }

  /** Appends what is due. */
  async pump() {
    if (this.#pumping || !this.#source?.open) return;
    this.#pumping = true;
    try {
      while (await this.#exclusively(() => this.#step()));
    } catch (error) {
      if (!(error instanceof SourceClosed)) this.#callbacks.onFailure(error);
    } finally {
      this.#pumping = false;
    }
  }

  async #step() {
    if (this.#placed?.clip.complete && this.#placed.clip.waiting === 0) this.#placed = null;
    const move = this.#nextMove();
    if (move?.kind === "speech") await this.#appendSpeech();
    else if (move?.kind === "splice") await this.#splice(move.frame);
    else if (move?.kind === "idle") return this.#appendIdle(move.pose);
    else await this.#forgetPast();
    return move !== null;
  }

  #nextMove() {
    const rate = this.#video.playbackRate;
    const next = this.#queue[0];
    return timing.nextMove({
      timeline: this.#timeline,
      now: this.#video.currentTime,
      lead: this.#lead * rate,
      horizon: (document.hidden ? IDLE_AHEAD_HIDDEN : IDLE_AHEAD) * rate,
      stalled: this.#waitingSince !== null && performance.now() - this.#waitingSince > STALL,
      placed: this.#placed?.clip ?? null,
      next: next ? { pose: next.pose, ready: this.#ready(next) } : null,
      expected: this.expected || this.#queue.length > 0,
    });
  }

  #ready(clip) {
    if (clip.waiting === 0 || !this.#callbacks.isNext(clip)) return false;
    return this.#timeline.endsInSpeech || this.#callbacks.mayBegin(clip);
  }

  async #splice(frame) {
    const clip = this.#queue.shift();
    if (frame < this.#timeline.end) await this.#cut(frame);
    this.#noteJump(frame, clip.pose, clip.follows !== this.#timeline.endsSpeaking);
    this.#placed = { clip, start: frame };
    this.#entered.push({ clip, start: frame, cut: null, begun: false });
    await this.#appendSpeech();
  }

  async #appendSpeech() {
    const { clip, start } = this.#placed;
    const fragment = clip.take();
    const at = this.#timeline.end;
    this.#timeline.append({ frames: fragment.frames, pose: clip.pose + at - start, clip });
    await this.#append(clip.init, fragment.bytes, { offset: start, from: start, to: start + clip.frames });
  }

  async #appendIdle(pose) {
    const fragment = this.#idle.at(pose);
    if (!fragment) return false;
    const at = this.#timeline.end;
    this.#noteJump(at, fragment.pose, this.#timeline.endsSpeaking);
    this.#timeline.append({ frames: timing.FRAGMENT, pose: fragment.pose });
    const place = { offset: at - fragment.place, from: at, to: at + timing.FRAGMENT };
    await this.#append(this.#idle.init, fragment.bytes, place);
    return true;
  }

  /** offset, from, to in frames. */
  async #append(init, bytes, { offset, from, to }) {
    const segment = init === this.#init ? bytes : concat([init, bytes]);
    this.#init = init;
    const place = { offset: toSeconds(offset), from: toSeconds(from), to: toSeconds(to) };
    await this.#source.append(segment, place);
  }

  async #cut(frame) {
    this.#timeline.cut(frame);
    this.#jumps = this.#jumps.filter((jump) => jump < frame);
    await this.#source.remove(toSeconds(frame));
  }

  /** Goes to idle motion right after the picture that is shown, which fades into it. */
  async #snap() {
    this.#silence();
    const frame = timing.frameAt(this.#video.currentTime) + 1;
    const pose = timing.fragmentPose(this.#timeline.poseAt(frame));
    await this.#cut(frame);
    await this.#appendIdle(pose);
    await this.#appendIdle(pose + timing.FRAGMENT);
    // Decoders have read beyond this frame; a seek makes them forget it.
    this.#video.currentTime = toSeconds(frame) + 0.001;
    await this.#play();
    this.#curtain.lift();
  }

  #silence() {
    if (this.#video.paused) return;
    this.#curtain.hold();
    this.#video.pause();
  }

  #forgetSpeech() {
    this.#queue = [];
    this.#placed = null;
    this.#entered = [];
    this.#held = false;
    this.expected = false;
  }

  async #forgetPast() {
    const until = timing.frameAt(this.#video.currentTime - KEEP);
    const buffered = this.#video.buffered;
    if (until < 0 || !buffered.length || toSeconds(until) - buffered.start(0) < KEEP / 2) return;
    const keyframe = this.#timeline.keyframeBefore(until);
    if (toSeconds(keyframe) - buffered.start(0) < 1) return;
    this.#timeline.forget(keyframe);
    await this.#source.remove(0, toSeconds(keyframe));
  }

  /** Remembers that the picture jumps before a frame: the motion does, or the face was to go on otherwise. */
  #noteJump(frame, pose, unforeseen) {
    const jump = Math.abs(pose - this.#timeline.poseAt(frame));
    if (frame > 0 && (unforeseen || jump > VISIBLE_JUMP)) this.#jumps.push(frame);
  }

  async #play() {
    try {
      await this.#video.play();
    } catch (error) {
      if (error.name !== "NotAllowedError" || this.#video.muted) return; // a later click plays it
      this.#video.muted = true;
      await this.#video.play().catch(() => {});
    }
  }

  #exclusively(operation) {
    const result = this.#turn.then(operation);
    this.#turn = result.catch(() => {});
    return result;
  }

  // What the browser shows.

  #followAnimation() {
    const turn = () => {
      this.#look();
      requestAnimationFrame(turn);
    };
    requestAnimationFrame(turn);
  }

  #followFrames() {
    if (!this.#video.requestVideoFrameCallback) return;
    const turn = (_, { mediaTime }) => {
      this.#shown(Math.round(mediaTime * FPS));
      this.#video.requestVideoFrameCallback(turn);
    };
    this.#video.requestVideoFrameCallback(turn);
  }

  #waits(waiting) {
    this.#waitingSince = waiting ? performance.now() : null;
    this.#look();
  }

  #look() {
    this.#guard();
    this.pump();
    // Frames of a hidden tab are not announced.
    if (document.hidden || !this.#video.requestVideoFrameCallback) this.#shown(timing.frameAt(this.#video.currentTime));
  }

  /** Pauses before the decoder starves, so that playing goes on without a lost frame. */
  #guard() {
    const rate = this.#video.playbackRate;
    const dry = this.#placed?.clip.waiting === 0 && this.ahead <= DRY * rate;
    if (!this.#held && dry) {
      this.#held = true;
      this.#video.pause();
      this.#callbacks.onHold(true);
    } else if (this.#held && !dry && (this.#placed === null || this.ahead >= ENOUGH)) {
      this.#held = false;
      this.#play();
      this.#callbacks.onHold(false);
    }
  }

  #shown(frame) {
    this.#hideJump(frame);
    const begun = this.#entered.filter((entry) => !entry.begun && frame >= entry.start);
    const ended = this.#entered.filter((entry) => frame >= end(entry));
    this.#entered = this.#entered.filter((entry) => frame < end(entry));
    for (const entry of begun) entry.begun = true;
    // The next begins before the last ends: at a seam there is no moment without speech.
    for (const { clip } of begun) this.#callbacks.onBegin(clip);
    for (const { clip } of ended) this.#callbacks.onEnd(clip);
    const entry = this.#entered.find(({ start }) => frame >= start);
    this.#callbacks.onFrame(entry?.clip ?? null, entry ? toSeconds(frame - entry.start) : 0);
  }

  #hideJump(frame) {
    const near = this.#jumps.some((jump) => jump - 2 <= frame && frame < jump);
    if (near) {
      this.#curtain.hold();
      this.#curtain.lift();
    }
    this.#jumps = this.#jumps.filter((jump) => jump - 2 > frame);
  }
}

/** The frame after the last one of a clip that is on the timeline; infinitely far while nobody knows. */
function end({ clip, start, cut }) {
  return cut ?? start + clip.frames;
}
