import assert from "node:assert/strict";
import { test } from "node:test";

import { drawer } from "../../static/js/weights.js";

const offer = (weights, auto = "visemes") => ({
  lips: [{ name: "wav2lip", weights }, { name: "visemes", weights: null }],
  auto: { lips: auto },
});

test("an engine without weights draws everybody", () => {
  assert.deepEqual(drawer(offer(null), "visemes", "anna"), { engine: "visemes", weights: "", unable: "" });
  assert.deepEqual(drawer(offer(null), "auto", "anna"), { engine: "visemes", weights: "", unable: "" });
});

test("a published checkpoint draws everybody, whoever has learned", () => {
  const engines = offer({ everybody: "wav2lip_gan", learned: ["anna"] }, "wav2lip");
  for (const wanted of ["auto", "wav2lip"]) {
    for (const avatar of ["anna", "boris"]) {
      assert.deepEqual(drawer(engines, wanted, avatar), { engine: "wav2lip", weights: "wav2lip_gan", unable: "" });
    }
  }
});

test("where avatars have networks of their own, auto's choice draws those who have none", () => {
  const engines = offer({ everybody: "", learned: ["anna"] });
  assert.deepEqual(drawer(engines, "wav2lip", "anna"), { engine: "wav2lip", weights: "own", unable: "" });
  assert.deepEqual(drawer(engines, "wav2lip", "boris"), { engine: "visemes", weights: "", unable: "wav2lip" });
});
