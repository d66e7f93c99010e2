// Takes the pictures of the console that stand in docs/: a demo is made and served, four pages are looked at.
//   node pictures.mjs <docket> <folder>

import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { PHONE, WIDE, World } from "./world.mjs";

const PICTURES = [
  ["console-register.png", "/console/register/strong_province?lang=en&as_of=2022-12-31", WIDE, 1180],
  ["console-record.zh.png", "/console/cluster_area/futian?lang=zh-CN", WIDE, 1180],
  ["console-exceptions.png", "/console/exceptions?lang=en&exercise=true", WIDE, 1000],
  ["console-phone.zh.png", "/console/cluster_area/futian?lang=zh-CN", PHONE, 1400],
];

const [docket, folder] = process.argv.slice(2);
const data = await mkdtemp(join(tmpdir(), "docket-pictures-"));
const args = ["demo", "--listen", "127.0.0.1:0", "--data-dir", data];
const demo = spawn(docket, args, { stdio: ["ignore", "ignore", "pipe"] });
try {
  const base = await serving(demo.stderr);
  const kept = await readFile(join(data, "tokens.env"), "utf8");
  const auditor = /^AUDITOR='(.*)'$/m.exec(kept)[1];
  const chromium = process.env.DOCKET_CHROMIUM ?? "/usr/bin/chromium";
  const world = await World.open({ base, chromium, tokens: { auditor } });
  for (const [name, path, viewport, height] of PICTURES) {
    await world.within("auditor", { viewport: { ...viewport, height } }, async (page) => {
      await page.goto(base + path);
      const picture = await page.screenshot({ clip: { x: 0, y: 0, width: viewport.width, height } });
      await writeFile(join(folder, name), picture);
      console.log(`${name} ${Math.round(picture.length / 1024)} KiB`);
    });
  }
  await world.browser.close();
} finally {
  demo.kill("SIGINT");
  await new Promise((ended) => demo.on("exit", ended));
  await rm(data, { recursive: true, force: true });
}

/** Where it serves, once it says so. */
async function serving(said) {
  for await (const line of createInterface({ input: said })) {
    const found = /^docket serves (\S+)/.exec(line);
    if (found) return found[1];
  }
  throw new Error("the demo did not start");
}
