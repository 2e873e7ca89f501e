// Who draws an avatar's lips, and with which weights, by what the server tells of its engines.

import { AUTO } from "./choices.js";

/**
 * engines: the server's answer; wanted: the lip engine chosen; avatar: id of whom it is to draw.
 * Gives `{engine, weights, unable}`: who draws; the name of the weights, or "" where none are needed; the engine
 * chosen if it has not learned this avatar, so that auto's choice draws instead, else "".
 */
export function drawer({ lips, auto }, wanted, avatar) {
  const named = wanted === AUTO ? auto.lips : wanted;
  const weights = weightsOf(lips, named, avatar);
  if (weights !== null) return { engine: named, weights, unable: "" };
  return { engine: auto.lips, weights: weightsOf(lips, auto.lips, avatar), unable: named };
}

/** The name of the weights, "" if the engine needs none, null if it has none for this avatar. */
function weightsOf(lips, name, avatar) {
  const { weights } = lips.find((engine) => engine.name === name);
  if (!weights) return "";
  return weights.everybody || (weights.learned.includes(avatar) ? "own" : null);
}
