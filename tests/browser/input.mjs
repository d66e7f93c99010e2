// What is asked amiss gets a page that names what is wrong and what would do.

const CASES = [
  ["an unknown subject", "/console/cluster_area/futain", 404, ["futain", "futian"]],
  ["an unknown program", "/console/register/strong_provnice", 404, ["strong_provnice", "strong_province"]],
  ["a program with places, unknown", "/console/quotas/nothing", 404, ["nothing"]],
  ["a day that does not exist", "/console/cluster_area/futian?as_of=2026-02-30", [400, 422], ["2026-02-30"]],
  ["no day at all", "/console/register/strong_province?as_of=soon", [400, 422], ["soon"]],
  ["an event that is no number", "/console/log/abc", [400, 404, 422], ["abc"]],
  ["an event after the newest", "/console/log/99999999", 404, ["99999999"]],
  ["more of the log than there is", "/console/cluster_area/futian?at_sequence=99999999", [400, 404, 422], ["99999999"]],
  ["an unknown kind of exception", "/console/exceptions?kind=nothing", [400, 422], ["nothing"]],
  ["an unknown measure", "/console/measures/strong_province/1999", 404, ["1999", "2015-59"]],
  ["an act that there is not", "/console/exercise_cluster_area/exercise_a/acts/new?act=nothing", 200, ["nothing"]],
  ["an unknown page", "/console/nothing", 404, ["/console/nothing"]],
  ["a range without anything", "/console/exceptions?from=1900-01-01&until=1900-12-31", 200, ["None."]],
  ["a range from its end", "/console/exceptions?from=2020-01-01&until=2019-01-01", [200, 400, 422], ["2019-01-01"]],
  ["a log without anything", "/console/log?program=cluster_area&type=Nothing", [200, 400, 422], ["Nothing"]],
  ["a search for nothing that is", "/console/find?q=qqqq", 200, ["qqqq"]],
  ["a day before the record", "/console/cluster_area/futian?as_of=1999-01-01", [200, 404], []],
];

export async function input(world) {
  for (const [name, path, status, says] of CASES) {
    await world.check(`${name} gets a page`, () => page(world, path, [status].flat(), says));
  }
  await world.check("a token that is none is told of", () => unsigned(world));
}

async function page(world, path, statuses, says) {
  return await world.within("national_office", {}, async (page) => {
    const answer = await page.goto(world.base + path + (path.includes("?") ? "&" : "?") + "lang=en");
    const wrong = [];
    if (!statuses.includes(answer.status())) wrong.push(`status ${answer.status()}`);
    if (!answer.headers()["content-type"].startsWith("text/html")) return [...wrong, "it is no page"];
    const text = await page.locator("body").innerText();
    const values = await page.locator("input").evaluateAll((all) => all.map((one) => one.value));
    for (const part of says) {
      if (!text.includes(part) && !values.includes(part)) wrong.push(`it does not say ${part}: ${text.slice(0, 300)}`);
    }
    if ((await page.locator("main h1").innerText()).trim().length < 3) wrong.push("it has no title");
    if ((await page.locator("header nav a").count()) === 0) wrong.push("it leads nowhere");
    return wrong;
  });
}

async function unsigned(world) {
  return await world.within(null, {}, async (page) => {
    await page.goto(`${world.base}/console/move?lang=en`);
    await page.getByLabel("Token").fill("no.token.here");
    await page.getByRole("button", { name: "Sign in" }).click();
    const alert = await page.getByRole("alert").innerText();
    return /not accepted/.test(alert) ? null : alert;
  });
}
