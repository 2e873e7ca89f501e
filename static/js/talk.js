// The page of a conversation: speaks what a script says, as it comes, for as long as the script likes.

import { $, openPage } from "./page.js";
import { Cast } from "./cast.js";
import { stubbornly } from "./retries.js";
import { LiveScript } from "./scripts.js";
import { sentence } from "./sentences.js";
import { Session } from "./session.js";
import { mayBeHeard } from "./sound.js";
import { Stage } from "./stage.js";
import { INITIAL, Store } from "./state.js";
import { isBusy, talkStatus } from "./talkstate.js";

const { words, api } = openPage();
const store = new Store({ ...INITIAL, phase: "starting", away: false, waiting: 0 });
const stage = new Stage({
  api,
  words,
  store,
  status: talkStatus,
  onBegin: (clip) => session.report("begun", clip.index),
  onEnd: (clip) => session.report("ended", clip.index),
  onBroken: goBack,
});
const session = new Session({
  api,
  id: new URLSearchParams(location.search).get("session"),
  onChunk,
  onInterrupt,
  onClosed: () => end("closed"),
  onGone: () => end("gone"),
  onAway: (away) => store.update({ away }),
});

let talk = null; // the session as the server describes it
let script = new LiveScript();
let ending = null; // "closed" or "gone", when nothing more will be said

async function open() {
  talk = await session.find();
  if (!talk) return end("gone");
  const [{ avatars }, { voices }] = await Promise.all([stubbornly(() => api.avatars()), stubbornly(() => api.voices())]);
  const avatar = avatars.find(({ id }) => id === talk.avatar);
  if (!avatar) return store.update({ phase: "failed", error: words.t("talk.noAvatar") });
  new Cast($("cast"), words).show({ talk, avatar, voices });
  await stage.open(avatar);
  session.listen(talk, talk.resume);
  if (await mayBeHeard()) await converse();
  else if (!ending) store.update({ phase: "invited" });
}

/** Speaks what comes until the script ends it. */
async function converse() {
  stage.unlock();
  store.update({ phase: "listening" });
  for (;;) {
    try {
      await stage.speak(script, talk);
      store.update({ phase: ending });
      return;
    } catch (error) {
      if (error.name !== "AbortError") throw error; // else it was cut off, and goes on with another script
    }
  }
}

function onChunk(chunk) {
  script.add(chunk);
  if (store.state.phase === "invited") store.update({ waiting: script.waiting });
}

function onInterrupt() {
  store.update({ waiting: 0, ...(isBusy(store.state) && { phase: "interrupted", trouble: null, held: false }) });
  startAnew();
}

function startAnew() {
  script = new LiveScript();
  if (ending) script.end();
  return stage.stop();
}

/** Nothing more will come; what was said before is still spoken. */
function end(how) {
  ending = how;
  script.end();
  if (store.state.phase === "starting" || (store.state.phase === "invited" && !script.waiting)) store.update({ phase: how });
}

/** The browser gave up on the video: what it has not shown is said again. */
async function goBack() {
  await startAnew();
  const found = ending ? null : await session.find();
  if (found) session.listen(found, found.resume);
}

function fail(error) {
  store.update({ phase: "failed", error: sentence(error, words) });
}

function show({ phase }) {
  $("start").hidden = phase !== "invited";
}

/** Read-only, for tests and the curious. */
globalThis.voiceover = {
  get state() {
    return store.state;
  },
  get ahead() {
    return stage.ahead;
  },
  get files() {
    return stage.files;
  },
};

$("start").addEventListener("click", () => converse().catch(fail));
store.subscribe(show);
open().catch(fail);
