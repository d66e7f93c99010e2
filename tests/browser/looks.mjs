// What holds on every page, looked at in the browser: what it loads, how it is laid out, its tree.

import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { NARROW, PHONE, WIDE, address, each } from "./world.mjs";
import { kinds } from "./kinds.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
/** All that a page needs, as it goes over the wire. */
const HEAVIEST_BYTES = 100 * 1024;
const LANGUAGES = ["en", "zh-CN"];

/** Every kind of page, in both languages, with script and without. */
export async function looks(world) {
  const all = (await kinds(world)).flatMap((kind) => LANGUAGES.map((language) => ({ ...kind, language })));
  await each(all, (kind) =>
    world.check(`${kind.name} [${kind.language}] can be shown`, () => looked(world, kind)),
  );
}

async function looked(world, kind) {
  const path = address(kind.path, { lang: kind.language });
  const locale = kind.language;
  const name = (what) => `${kind.name} [${kind.language}] ${what}`;
  const texts = {};
  await world.within(kind.role, { locale, viewport: WIDE }, async (page) => {
    const seen = await watched(page, world.base);
    const answer = await page.goto(world.base + path);
    world.report(name("answers"), answered(answer, kind));
    world.report(name("loads only its own"), seen.elsewhere);
    world.report(name("moves nothing while it loads"), await shifted(page));
    world.report(name("is light"), seen.bytes() >= HEAVIEST_BYTES ? `${seen.bytes()} bytes` : null);
    world.report(name("says its languages"), await page.evaluate(foreign, kind.language));
    world.report(name("is accessible"), await axe(page));
    world.report(name("cuts nothing off"), await page.evaluate(cut));
    for (const viewport of [WIDE, PHONE, NARROW]) {
      await page.setViewportSize(viewport);
      world.report(name(`fits ${viewport.width} px`), await page.evaluate(sideways));
    }
    await page.setViewportSize(WIDE);
    await page.emulateMedia({ forcedColors: "active", colorScheme: "dark" });
    world.report(name("can be read in forced colours"), await page.evaluate(unseen));
    await page.emulateMedia({ forcedColors: "none", colorScheme: "light" });
    // Who checks a proof is the browser, where it may.
    const checks = page.locator("#browser");
    if (await checks.count()) {
      await page.waitForFunction((one) => one.textContent === one.dataset.good, await checks.elementHandle());
    }
    await page.evaluate(unchecked);
    texts.scripted = await page.locator("main").innerText();
    world.report(name("breaks no policy and no script"), seen.wrong);
  });
  // A reader with a phone, magnified four times, and no script.
  const small = { viewport: NARROW, deviceScaleFactor: 4, javaScriptEnabled: false, locale };
  await world.within(kind.role, small, async (page) => {
    const seen = await watched(page, world.base);
    await page.goto(world.base + path);
    world.report(name("fits at 400 %"), await page.evaluate(sideways));
    await page.setViewportSize(WIDE);
    await page.evaluate(unchecked);
    const plain = await page.locator("main").innerText();
    world.report(name("says the same without script"), without(plain, texts.scripted));
    world.report(name("breaks nothing without script"), seen.wrong);
  });
}

/** Listens to what a page loads and complains of, from before it is asked for. */
async function watched(page, base) {
  const seen = { wrong: [], elsewhere: [], sizes: [] };
  seen.bytes = () => seen.sizes.reduce((all, size) => all + size, 0);
  // What is not found says so on the console of every browser.
  const isSaid = (text) => text.includes("the server responded with a status of 4");
  page.on("console", (message) => {
    if (message.type() === "error" && !isSaid(message.text())) seen.wrong.push(message.text());
  });
  page.on("pageerror", (error) => seen.wrong.push(error.message));
  page.on("requestfailed", (request) => seen.wrong.push(`${request.url()} failed`));
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(`${base}/`) && !url.startsWith("data:")) seen.elsewhere.push(url);
  });
  const wire = await page.context().newCDPSession(page);
  await wire.send("Network.enable");
  await wire.send("Network.setCacheDisabled", { cacheDisabled: true });
  wire.on("Network.loadingFinished", ({ encodedDataLength }) => seen.sizes.push(encodedDataLength));
  await wire.send("Audits.enable");
  wire.on("Audits.issueAdded", ({ issue }) => {
    if (issue.code === "ContentSecurityPolicyIssue") seen.wrong.push(JSON.stringify(issue.details));
  });
  return seen;
}

function answered(answer, kind) {
  const wrong = [];
  const { "content-encoding": encoding, "content-security-policy": policy = "" } = answer.headers();
  const expected = kind.missing ? [400, 404, 422] : [200];
  if (!expected.includes(answer.status())) wrong.push(`status ${answer.status()}`);
  if (encoding !== "gzip") wrong.push(`not compressed: ${encoding}`);
  if (!policy.startsWith("default-src 'none'") || policy.includes("unsafe")) wrong.push(`policy ${policy}`);
  return wrong;
}

/** What Web Vitals call good. On a machine at rest nothing moves; on a busy one rows of a long table come in parts. */
const MOST_SHIFT = 0.1;

async function shifted(page) {
  const sum = await page.evaluate(async () => {
    let sum = 0;
    const observer = new PerformanceObserver((list) => list.getEntries().forEach((one) => (sum += one.value)));
    observer.observe({ type: "layout-shift", buffered: true });
    const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    await document.fonts.ready;
    await frame();
    await frame();
    observer.takeRecords().forEach((one) => (sum += one.value));
    return sum;
  });
  return sum <= MOST_SHIFT ? null : `moved by ${sum}`;
}

async function axe(page) {
  await page.evaluate(AXE);
  const found = await page.evaluate((tags) => globalThis.axe.run({ runOnly: tags }), TAGS);
  return found.violations.flatMap(({ id, nodes }) =>
    nodes.slice(0, 3).map((node) => `${id} at ${node.target} ${node.html.slice(0, 120)}`),
  );
}

/** Runs in the page: whether one has to scroll sideways, and for what. */
function sideways() {
  const room = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= room) return [];
  const inside = (one) => one.parentElement?.closest(".scroll, pre");
  const wide = [...document.body.querySelectorAll("*")].filter(
    (one) => one.getBoundingClientRect().right > room + 0.5 && !inside(one),
  );
  const shown = wide.slice(-3).map((one) => one.outerHTML.slice(0, 100));
  return [`${document.documentElement.scrollWidth} px in ${room}: ${shown.join(" ")}`];
}

/** Runs in the page: words that have no room where they stand. */
function cut() {
  const all = [...document.querySelectorAll("main .tile, main .box, main .tag, main .button, header a, button")];
  const wide = all.filter((one) => one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 0);
  return wide.map((one) => `${one.innerText} needs ${one.scrollWidth} px of ${one.clientWidth}`);
}

/** Runs in the page: texts in a language that neither the page nor an element says. */
function foreign(language) {
  const wrong = [];
  if (document.documentElement.lang !== language) wrong.push(`the page says ${document.documentElement.lang}`);
  // Whole words: ids, articles and numbers are of no language.
  const looksLike = {
    "zh-CN": (text) => /\p{Script=Han}{2,}/u.test(text),
    en: (text) => /\b[a-z]{2,} [a-z]{2,} [a-z]{2,}/i.test(text) && !/\p{Script=Han}/u.test(text),
  };
  const other = language === "en" ? "zh-CN" : "en";
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { parentElement: parent, data } = walker.currentNode;
    // What is shown as it is stored is nobody's prose.
    if (parent.closest("code, pre, script, style, textarea")) continue;
    const said = parent.closest("[lang]").lang;
    if (looksLike[other](data) && said === language) wrong.push(data.trim().slice(0, 80));
  }
  return wrong;
}

/** Runs in the page, in forced colours: what can't be told from the ground it stands on. */
function unseen() {
  const wrong = [];
  const [ground] = /[\d.]+, [\d.]+, [\d.]+/.exec(getComputedStyle(document.body).backgroundColor);
  for (const one of document.querySelectorAll("svg text:not(.number), svg circle, svg rect.phase, svg line.axis")) {
    const { fill, stroke } = getComputedStyle(one);
    const shows = [fill, stroke].some((colour) => colour !== "none" && !colour.includes(ground));
    if (!shows) wrong.push(`${one.outerHTML.slice(0, 80)} ${fill} ${stroke}`);
  }
  for (const one of document.querySelectorAll(".tile, .box, .mark, .tag, .band, .seal, button, input, select, textarea")) {
    const style = getComputedStyle(one);
    if (one.type === "hidden" || one.type === "checkbox" || one.classList.contains("plain")) continue;
    if (style.borderStyle === "none" || style.borderWidth === "0px") wrong.push(`no edge: ${one.outerHTML.slice(0, 80)}`);
  }
  return wrong;
}

/** Runs in the page: takes away what only a script can do, and what stands there without one. */
function unchecked() {
  for (const id of ["browser", "held-key", "turn-keys"]) document.getElementById(id)?.closest("p").remove();
  for (const one of document.querySelectorAll("noscript")) one.remove();
}

/** What differs, but for what is another at each request. */
function without(...both) {
  const [plain, scripted] = both.map((text) => text?.replaceAll(/[0-9a-f]{32}/g, ""));
  if (plain === scripted) return null;
  const at = [...plain].findIndex((sign, index) => sign !== scripted[index]);
  return `differs at ${at}: ${plain.slice(at, at + 60)} / ${scripted?.slice(at, at + 60)}`;
}
