// Pages on paper: A4, without what only leads elsewhere, and what is invented still says so.

import { each } from "./world.mjs";
import { kinds } from "./kinds.mjs";

/** In points, as Chromium writes them. */
const A4 = [595, 842];

export async function paper(world) {
  await each(await kinds(world), (kind) =>
    world.check(`${kind.name} on paper`, () => printed(world, kind)),
  );
}

async function printed(world, kind) {
  return await world.within(kind.role, { locale: "zh-CN" }, async (page) => {
    await page.goto(world.base + kind.path);
    const isExercise = await page.evaluate(() => document.body.classList.contains("exercise"));
    await page.emulateMedia({ media: "print" });
    const wrong = await page.evaluate(shown, isExercise);
    const pdf = (await page.pdf({ preferCSSPageSize: true })).toString("latin1");
    const sheets = [...pdf.matchAll(/\/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]/g)];
    const isA4 = ([, width, height]) => Math.abs(width - A4[0]) < 1.5 && Math.abs(height - A4[1]) < 1.5;
    if (sheets.length === 0 || !sheets.every(isA4)) wrong.push(`not A4: ${sheets[0]?.[0]}`);
    if (!pdf.includes("/FontDescriptor")) wrong.push("nothing is written on it");
    return wrong;
  });
}

/** Runs in the page, as it is printed. */
function shown(isExercise) {
  const wrong = [];
  const isSeen = (one) => one.checkVisibility() && one.getBoundingClientRect().width > 0;
  for (const one of document.querySelectorAll("header nav, header form, .times form, form.filter, .skip, nav.row, a.button")) {
    if (isSeen(one)) wrong.push(`printed: ${one.outerHTML.slice(0, 80)}`);
  }
  if (!isSeen(document.querySelector("h1"))) wrong.push("no title");
  if (document.querySelector("main").innerText.trim().length < 10) wrong.push("no content");
  const band = document.querySelector(".band");
  if (isExercise && !(band && isSeen(band))) wrong.push("it does not say that it is an exercise");
  if (isExercise && getComputedStyle(document.body).page !== "exercise") wrong.push("its sheets are not marked");
  // White on a ground that printers leave out is nothing.
  for (const one of [...document.querySelectorAll(".band, .seal, .tag")].filter(isSeen)) {
    const { color, printColorAdjust } = getComputedStyle(one);
    if (color === "rgb(255, 255, 255)" && printColorAdjust !== "exact") wrong.push(`white on paper: ${one.className}`);
  }
  return wrong;
}
