// The console in a real browser. Started by tests/cli/browser.rs, which says on standard input where the
// server is, the tokens, the browser and the parts to run; each check is a line of standard output.

import { readFileSync } from "node:fs";
import { World } from "./world.mjs";
import { acts } from "./acts.mjs";
import { input } from "./input.mjs";
import { keys } from "./keys.mjs";
import { looks } from "./looks.mjs";
import { paper } from "./paper.mjs";

const PARTS = { looks, paper, input, keys, acts };

const job = JSON.parse(readFileSync(0, "utf8"));
const world = await World.open(job);
try {
  await world.settled();
  for (const part of job.parts) await world.check(`${part} run to their end`, () => PARTS[part](world));
} finally {
  await world.browser.close();
}
console.log(`${world.checks} checks, ${world.failed} failed`);
process.exitCode = world.failed > 0 ? 1 : 0;
