// What follows from the state of a conversation (see state.js), as pure functions. Its phases: starting,
// invited (waits for a click before it may be heard), listening (nothing has been said yet), working,
// interrupted, closed (by the script), gone (the server knows no such session), failed.

const OVER = new Set(["done", "skipped", "stopped", "unsaid"]);

/** Whether something is being said or about to be. */
export function isBusy({ phase, chunks }) {
  return phase === "working" && chunks.some(({ state }) => !OVER.has(state));
}

/** The status line, as a key of the catalogue with what is to be filled in. */
export function talkStatus(state) {
  const { phase, trouble, away, held, wait, current, waiting, error } = state;
  if (trouble) return [`status.${trouble.kind}`, { n: Math.ceil(trouble.delay) }];
  if (away) return ["talk.away", {}];
  if (phase === "starting") return ["status.starting", {}];
  if (phase === "failed") return ["status.failed", { error }];
  if (phase === "invited") return waiting ? ["talk.waiting", { n: waiting }] : ["talk.invited", {}];
  if (phase !== "working") return [`talk.${phase}`, {}];
  if (held) return ["status.held", {}];
  if (wait > 0) return ["status.buffering", { n: Math.ceil(wait) }];
  if (current >= 0) return ["talk.speaking", {}];
  return [isBusy(state) ? "talk.preparing" : "talk.between", {}];
}
