// The browser, who is signed in to it, and what was found: each check by its name.

import { chromium } from "playwright-core";

const LONGEST_MS = 60_000;

/** What the run was started with, and what it found. */
export class World {
  constructor(browser, { base, tokens }) {
    Object.assign(this, { browser, base, tokens, failed: 0, checks: 0 });
  }

  static async open({ chromium: executablePath, ...rest }) {
    const args = [
      "--disable-quic",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--no-first-run",
      "--disable-dev-shm-usage",
    ];
    // Chromium's own sandbox does not start as root.
    if (process.getuid() === 0) args.push("--no-sandbox");
    return new World(await chromium.launch({ executablePath, args }), rest);
  }

  /** One check: what is wrong, and nothing where all is right. */
  report(name, wrong) {
    const found = [wrong ?? []].flat().map(String);
    this.checks += 1;
    this.failed += found.length > 0 ? 1 : 0;
    const said = found.slice(0, 5).join(" | ").replaceAll("\n", " ");
    console.log(found.length > 0 ? `not ok ${name}: ${said}` : `ok ${name}`);
  }

  /** A check that may throw: what it throws is what is wrong. */
  async check(name, what) {
    try {
      this.report(name, await what());
    } catch (error) {
      this.report(name, error.stack.split("\n").slice(0, 6).join(" "));
    }
  }

  /** Runs something in a fresh window, signed in with a role's token or with none. */
  async within(role, options, what) {
    const context = await this.browser.newContext({ locale: "en", viewport: WIDE, ...options });
    context.setDefaultTimeout(LONGEST_MS);
    try {
      if (role) await this.signedIn(context, this.tokens[role]);
      return await what(await context.newPage(), context);
    } finally {
      await context.close();
    }
  }

  async signedIn(context, token) {
    await context.addCookies([{ name: "docket", value: token, url: this.base }]);
  }

  /** Waits until nothing is recorded any more by the server itself, which looks at what is due when it starts. */
  async settled() {
    const seen = [];
    const isStill = () => seen.length > 4 && new Set(seen.slice(-5)).size === 1;
    const until = Date.now() + 2 * LONGEST_MS;
    while (!isStill()) {
      if (Date.now() > until) throw new Error(`the log does not come to rest: ${seen.slice(-5).map(String)}`);
      await new Promise((done) => setTimeout(done, 400));
      const { body: health } = await this.api("/health/ready");
      const { body: proof } = await this.api("/v1/log/proofs/inclusion/100");
      const newest = Number(health.log.sequence);
      // What is signed is as long as the log.
      seen.push(Number(proof?.tree_size) === newest + 1 ? newest : Symbol("behind"));
    }
  }

  /** What the interface answers. */
  async api(path, { role = "auditor", body, headers = {} } = {}) {
    const authorization = `Bearer ${this.tokens[role]}`;
    const all = { authorization, accept: "application/json", "accept-language": "en", ...headers };
    if (body) all["content-type"] = "application/json";
    const method = body ? "POST" : "GET";
    const answer = await fetch(this.base + path, { method, headers: all, body: body && JSON.stringify(body) });
    return { status: answer.status, body: await answer.json().catch(() => null) };
  }
}

/** The two windows of the pictures, and the narrowest. */
export const WIDE = { width: 1360, height: 900 };
export const PHONE = { width: 390, height: 844 };
export const NARROW = { width: 320, height: 568 };

/** Does this to each, two at a time: as many as there are processors to spare. */
export async function each(items, what) {
  const waiting = [...items];
  const worker = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await what(item);
  };
  await Promise.all([worker(), worker()]);
}

/** An address with more parameters. */
export function address(path, more) {
  const [bare, query] = path.split("?");
  const parameters = new URLSearchParams(query);
  for (const [name, value] of Object.entries(more)) parameters.set(name, value);
  return `${bare}?${parameters}`;
}
