// The keyboard alone: from signing in to an act on record.

import { RECORD } from "./kinds.mjs";

export async function keys(world) {
  await world.check("the keyboard alone is enough", () => typed(world));
}

async function typed(world) {
  return await world.within(null, {}, async (page) => {
    const wrong = [];
    const at = () => page.evaluate(focused);
    /** Tab until what has the focus is called so. */
    const reach = async (name) => {
      for (let turns = 0; turns < 150; turns += 1) {
        await page.keyboard.press("Tab");
        const found = await at();
        if (found.hidden) wrong.push(`the focus can't be seen on ${found.name}`);
        if (found.name.startsWith(name)) return;
      }
      throw new Error(`no Tab reaches “${name}” on ${page.url()}`);
    };
    const open = async (name, where) => {
      await reach(name);
      await page.keyboard.press("Enter");
      await page.waitForURL(where);
    };
    await page.goto(`${world.base}${RECORD}?lang=en`);
    await reach("Token");
    await page.keyboard.type(world.tokens.national_office);
    await open("Sign in", (url) => url.pathname === RECORD);

    // The first stop leads past what every page begins with.
    await reach("To the content");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    if (!(await page.evaluate(() => document.activeElement.closest("main")))) wrong.push("the skip link skips nothing");

    await open("Record an act", (url) => url.pathname.endsWith("/acts/new"));
    await open("Inspect", (url) => url.searchParams.get("act") === "inspect");
    await reach("Effective on");
    await page.keyboard.type("2026-02-30");
    await reach("Findings");
    await page.keyboard.type("By keyboard");
    await reach("Check");
    await page.keyboard.press("Space");
    await page.getByRole("alert").waitFor();
    if (!(await at()).alert) wrong.push("what was wrong has not the focus");
    // The summary leads to the field.
    await reach("2026-02-30");
    await page.keyboard.press("Enter");
    const field = await at();
    if (!field.name.startsWith("Effective on")) wrong.push(`the summary leads to ${field.name}`);
    await page.keyboard.press("Control+A");
    await page.keyboard.type("2026-11-30");
    await reach("Check");
    await page.keyboard.press("Space");
    await page.getByRole("button", { name: "Record for ever" }).waitFor();
    await reach("Record for ever");
    await page.keyboard.press("Enter");
    await page.waitForURL((url) => url.pathname === RECORD);
    const shown = await page.locator(".trail li").filter({ hasText: "By keyboard" }).count();
    if (shown !== 1) wrong.push("it is not on record");
    return wrong;
  });
}

/** Runs in the page: what has the focus, what it is called, and whether that can be seen. */
function focused() {
  const one = document.activeElement;
  const label = one.labels?.[0] ?? one;
  const name = (one.getAttribute("aria-label") ?? label.innerText ?? "").trim();
  const { outlineStyle, outlineWidth } = getComputedStyle(one);
  const box = one.getBoundingClientRect();
  const isOutside = box.bottom <= 0 || box.top >= innerHeight || box.right <= 0 || box.left >= innerWidth;
  const hidden = one !== document.body && (outlineStyle === "none" || parseFloat(outlineWidth) < 2 || isOutside);
  return { name, hidden, alert: one.getAttribute("role") === "alert" };
}
