// The stage: an avatar that lives and speaks, and what is told of it. Every page that speaks at once has it.

import { Captions, offerCaptions } from "./captions.js";
import { ChunkList } from "./chunklist.js";
import { Conductor } from "./conductor.js";
import { Idle } from "./idle.js";
import { $ } from "./page.js";
import { Player } from "./player.js";
import { stubbornly } from "./retries.js";
import { sentence } from "./sentences.js";
import { Sound } from "./sound.js";

const HOPELESS = 3000; // ms; a browser that gives up again so soon will not do better next time

export class Stage {
  #api;
  #words;
  #store;
  #callbacks;
  #captions = new Captions($("captions"));
  #sound;
  #list;
  #conductor = null;
  #player = null;
  #avatar = null;
  #recovered = -Infinity; // when the browser last gave up, ms

  /**
   * Callbacks: status(state): the key of the line that tells how it goes, and what is filled in;
   * onBegin(clip), onEnd(clip): a clip is heard, is over; onBroken(): the browser gave up on the video.
   */
  constructor({ api, words, store, ...callbacks }) {
    this.#api = api;
    this.#words = words;
    this.#store = store;
    this.#callbacks = callbacks;
    this.#sound = new Sound({ video: $("video"), button: $("mute"), slider: $("volume"), words });
    this.#list = new ChunkList({
      list: $("chunks"),
      strip: $("track"),
      empty: $("chunks-empty"),
      words,
      decide: (choice, index) => this.#conductor[choice](index),
    });
    offerCaptions($("captions-switch"), $("captions"));
    $("download").addEventListener("click", () => this.#download());
    words.onChange(() => this.#translate());
    store.subscribe((state) => this.#show(state));
  }

  /** Brings an avatar to life. Throws Unplayable where the browser cannot. */
  async open(avatar) {
    this.#avatar = avatar;
    this.#player = new Player($("video"), $("curtain"), this.#playerCallbacks(), soundForced());
    const onChange = (changes) => this.#store.update(changes);
    this.#conductor = new Conductor({ api: this.#api, player: this.#player, onChange });
    await this.#player.open(this.#idle());
  }

  /** Goes on with another avatar. */
  async change(avatar) {
    this.#avatar = avatar;
    await this.#player.change(this.#idle());
  }

  /** Must be called from within a click, unless the browser allows it: from here on the avatar is heard. */
  unlock() {
    this.#sound.unlock();
    this.#player.unlock();
  }

  /** See Conductor.speak. */
  speak(source, manner) {
    return this.#conductor.speak(source, manner);
  }

  /** Falls silent at once. */
  stop() {
    return this.#conductor.stop();
  }

  clearCaptions() {
    this.#captions.clear();
  }

  /** Seconds of picture that lie ready. */
  get ahead() {
    return this.#player?.ahead ?? 0;
  }

  get files() {
    return this.#conductor?.files ?? [];
  }

  /** The idle motion of the avatar; it fills up while it is played. */
  #idle() {
    const { poster, idle_frames, idle: url } = this.#avatar;
    $("video").poster = poster;
    const idle = new Idle(idle_frames);
    stubbornly(async () => {
      await idle.load(await this.#api.idle(url, this.#player.sound), () => this.#player.pump());
    });
    return idle;
  }

  #playerCallbacks() {
    return {
      isNext: (clip) => this.#conductor.isNext(clip),
      mayBegin: (clip) => this.#conductor.mayBegin(clip),
      onBegin: (clip) => {
        this.#callbacks.onBegin?.(clip);
        this.#conductor.begun(clip);
      },
      onEnd: (clip) => {
        this.#callbacks.onEnd?.(clip);
        this.#conductor.ended(clip);
      },
      onFrame: (clip, seconds) => (clip ? this.#captions.show(clip, seconds) : this.#captions.finish()),
      onHold: (held) => {
        this.#store.update({ held });
        if (held) this.#api.reportStall(this.#store.state.engines.lips);
      },
      onFailure: (error) => this.#recover(error),
    };
  }

  /** The browser gave up on the video: begins anew with idle motion, unless that is what it cannot play. */
  async #recover(error) {
    console.error(error);
    const again = performance.now() - this.#recovered > HOPELESS;
    this.#recovered = performance.now();
    await this.#callbacks.onBroken();
    if (again) await this.#player.open(this.#idle());
  }

  async #download() {
    const label = $("download-label");
    $("download").disabled = true;
    label.textContent = this.#words.t("download.busy");
    try {
      const name = `voiceover-${new Date().toISOString().slice(0, 19).replaceAll(":", "-")}.mp4`;
      save(await this.#api.join(this.files), name);
    } catch (error) {
      $("message").textContent = this.#words.t("download.failed", { error: sentence(error, this.#words) });
    } finally {
      label.textContent = this.#words.t("download");
      $("download").disabled = false;
    }
  }

  #show(state) {
    const line = this.#words.t(...this.#callbacks.status(state));
    if ($("status").textContent !== line) $("status").textContent = line;
    $("status").dataset.phase = state.phase;
    $("screen").dataset.live = state.current >= 0;
    $("download").disabled = !this.files.length;
    this.#list.show(state);
  }

  #translate() {
    this.#list.translate(this.#store.state.chunks);
    $("download-label").textContent = this.#words.t("download");
    this.#sound.show();
    this.#show(this.#store.state);
  }
}

function soundForced() {
  return { sound: new URLSearchParams(location.search).get("audio") };
}

function save(file, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // the browser may still be reading it
}
