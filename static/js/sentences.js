// What people are told of an error.

import { ConnectionLost, Refused } from "./api.js";
import { Unplayable } from "./source.js";

export function sentence(error, words) {
  if (error instanceof Refused) return error.message;
  if (error instanceof ConnectionLost) return words.t("error.lost");
  if (error instanceof Unplayable) return words.t("error.unplayable");
  return words.t("error.internal", { error: error.message });
}
