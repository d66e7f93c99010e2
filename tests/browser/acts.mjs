// Recording an act through the form: checked, then once and for ever; nothing typed is lost.

import { FORM, RECORD } from "./kinds.mjs";

const OFFICE = "national_office";
const ENROLLMENT = RECORD.replace("/console/", "/v1/enrollments/");
const TYPED = "All in “order” & <seen>";
const DAY = "2026-11-30";

export async function acts(world) {
  await world.check("an act is checked, then recorded", () => recorded(world));
  await world.check("a double click records once", () => twice(world));
  await world.check("a lost race shows what changed and keeps what was typed", () => raced(world));
  await world.check("a refusal names its article and keeps what was typed", () => refused(world));
  await world.check("a field that is wrong says so where it is", () => misread(world));
  await world.check("a file of the wrong type is refused by its name", () => uploaded(world));
  await world.check("a session that ends within a form loses nothing typed", () => expired(world));
  await world.check("the same without script", () => recorded(world, { javaScriptEnabled: false }));
}

const revision = async (world) => (await world.api(ENROLLMENT)).body.revision;

/** The form in English, with what an inspection says. */
async function filled(page, world, form = FORM) {
  await page.goto(`${world.base}${form}&lang=en`);
  await page.getByLabel("Effective on").fill(DAY);
  await page.getByLabel("Findings").fill(TYPED);
}

const check = (page) => page.getByRole("button", { name: "Check, record nothing yet" }).click();
const recording = (page) => page.getByRole("button", { name: "Record for ever" });

async function recorded(world, options = {}) {
  const before = await revision(world);
  return await world.within(OFFICE, options, async (page) => {
    await filled(page, world);
    await check(page);
    const wrong = [];
    const text = await page.locator("main").innerText();
    if (!text.includes("This will be recorded") || !text.includes(TYPED)) wrong.push(`it was not shown first: ${text}`);
    if ((await revision(world)) !== before) wrong.push("a check recorded something");
    await recording(page).click();
    await page.waitForURL((url) => url.pathname === RECORD);
    if ((await revision(world)) !== before + 1) wrong.push("it was not recorded once");
    const entry = page.locator(".trail li").filter({ hasText: TYPED }).last();
    if ((await entry.count()) !== 1) wrong.push("the record does not show it");
    const anchor = new URL(page.url()).hash.slice(1);
    if ((await page.locator(`[id="${anchor}"]`).count()) !== 1) wrong.push(`nothing is at #${anchor}`);
    return wrong;
  });
}

async function twice(world) {
  const before = await revision(world);
  return await world.within(OFFICE, {}, async (page) => {
    await filled(page, world);
    await check(page);
    await recording(page).dblclick();
    await page.waitForURL((url) => url.pathname === RECORD);
    const after = await revision(world);
    return after === before + 1 ? null : `${after - before} were recorded`;
  });
}

async function raced(world) {
  return await world.within(OFFICE, {}, async (page) => {
    await filled(page, world);
    await check(page);
    const { sequence } = await another(world);
    await recording(page).click();
    const wrong = await kept(page);
    const said = await page.getByRole("alert").innerText();
    if (!said.includes("Found by another")) wrong.push(`what was recorded meanwhile is not shown: ${said}`);
    if ((await page.locator(`[role=alert] a[href*="/console/log/${sequence}"]`).count()) !== 1) wrong.push("nor where");
    const before = await revision(world);
    await check(page);
    await recording(page).click();
    await page.waitForURL((url) => url.pathname === RECORD);
    if ((await revision(world)) !== before + 1) wrong.push("it can't be recorded after that");
    return wrong;
  });
}

/** Another's act through the interface, in between. */
async function another(world) {
  const body = { act: "inspect", effective_on: DAY, findings: "Found by another" };
  const headers = {
    "idempotency-key": crypto.randomUUID(),
    "if-match": `"${await revision(world)}"`,
  };
  const answer = await world.api(`${ENROLLMENT}/acts`, { role: OFFICE, body, headers });
  if (answer.status !== 201) throw new Error(JSON.stringify(answer));
  return { sequence: Number(answer.body.sequence) };
}

/** The alert has the focus, and the form holds what was typed. */
async function kept(page) {
  const wrong = [];
  const alert = page.getByRole("alert");
  if ((await alert.count()) !== 1) return [`no alert: ${await page.locator("main").innerText()}`];
  if (!(await alert.evaluate((one) => one === document.activeElement))) wrong.push("the alert has not the focus");
  const typed = await page.getByLabel("Findings").inputValue();
  if (typed !== TYPED) wrong.push(`typed was lost: ${typed}`);
  return wrong;
}

async function refused(world) {
  return await world.within(OFFICE, {}, async (page) => {
    // In construction nothing is accepted twice.
    await page.goto(`${world.base}${RECORD}/acts/new?lang=en`);
    await page.getByText("Acts that are not permitted now").click();
    const others = await page.locator("main details li").allInnerTexts();
    const wrong = others.filter((text) => !text.includes("§")).map((text) => `without an article: ${text}`);
    if (others.length === 0) wrong.push("no act is said to be refused");
    await filled(page, world);
    // Before the record of the area begins.
    await page.getByLabel("Effective on").fill("2012-01-01");
    await check(page);
    wrong.push(...(await kept(page)));
    const said = await page.getByRole("alert").innerText();
    if (!said.includes("§")) wrong.push(`no article: ${said}`);
    return wrong;
  });
}

async function misread(world) {
  return await world.within(OFFICE, {}, async (page) => {
    await filled(page, world);
    await page.getByLabel("Effective on").fill("2026-02-30");
    await check(page);
    const wrong = await kept(page);
    const field = page.locator(".field.wrong");
    if ((await field.count()) !== 1) return [...wrong, "no field is marked"];
    const input = field.locator("input");
    if ((await input.inputValue()) !== "2026-02-30") wrong.push("the day was lost");
    if ((await input.getAttribute("aria-invalid")) !== "true") wrong.push("the field does not say that it is wrong");
    const described = await input.getAttribute("aria-describedby");
    const says = await page.locator(`[id="${described?.split(" ")[0]}"]`).innerText();
    if (!says.includes("2026-02-30")) wrong.push(`the field does not say what: ${says}`);
    return wrong;
  });
}

async function uploaded(world) {
  return await world.within(OFFICE, {}, async (page) => {
    await filled(page, world);
    const name = "Order.pdf";
    const file = page.getByLabel("The document of the act");
    await file.setInputFiles({ name, mimeType: "application/pdf", buffer: Buffer.from("no PDF") });
    await check(page);
    const wrong = await kept(page);
    const said = await page.getByRole("alert").innerText();
    if (!said.includes(name)) wrong.push(`the file is not named: ${said}`);
    return wrong;
  });
}

async function expired(world) {
  const before = await revision(world);
  return await world.within(null, {}, async (page, context) => {
    await world.signedIn(context, world.tokens.national_office);
    await filled(page, world);
    while ((await world.api(ENROLLMENT, { role: "expired" })).status !== 401) await page.waitForTimeout(200);
    await world.signedIn(context, world.tokens.expired);
    await check(page);
    const wrong = await kept(page);
    const said = await page.getByRole("alert").innerText();
    if (!/session/.test(said)) wrong.push(`it does not say why: ${said}`);
    const [other] = await Promise.all([
      context.waitForEvent("page"),
      page.getByRole("alert").getByRole("link").click(),
    ]);
    await other.getByLabel("Token").fill(world.tokens.national_office);
    await other.getByRole("button", { name: "Sign in" }).click();
    await other.waitForURL((url) => url.pathname === RECORD);
    await other.close();
    await check(page);
    await recording(page).click();
    await page.waitForURL((url) => url.pathname === RECORD);
    if ((await revision(world)) !== before + 1) wrong.push("it was not recorded after signing in again");
    return wrong;
  });
}
