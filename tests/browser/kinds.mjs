// One page of each kind, and who looks at it.

/** Where an act is recorded in these tests. */
export const RECORD = "/console/exercise_cluster_area/exercise_a";
export const FORM = `${RECORD}/acts/new?act=inspect`;

const KINDS = {
  "register": "/console/register/strong_province",
  "register, exercise": "/console/register/exercise_cluster_area",
  "register, past": "/console/register/strong_province?as_of=2017-12-31&at_sequence=200",
  "enrollment": "/console/cluster_area/futian",
  "enrollment, two times": "/console/cluster_area/futian?two=1",
  "enrollment, past": "/console/strong_province/440000?as_of=2016-12-31&at_sequence=200",
  "enrollment, exercise": "/console/exercise_strong_province/x01",
  "moves": "/console/move",
  "moves, exercise": "/console/move?exercise=true",
  "totals": "/console/totals?exercise=true",
  "totals by province": "/console/totals?exercise=true&office=province&due_year=2019",
  "obligations": "/console/obligations?exercise=true",
  "exceptions": "/console/exceptions",
  "exceptions, exercise": "/console/exceptions?exercise=true",
  "quotas": "/console/quotas/strong_province",
  "quotas, exercise": "/console/quotas/exercise_strong_province",
  "log": "/console/log",
  "event": "/console/log/100",
  "events side by side": "/console/log/100/beside?other=101",
  "proof": "/console/log/100/proof",
  "keys": "/console/keys",
  "record sheet": "/console/cluster_area/futian?as_of=2026-11-30&at_sequence=2600&print=1",
  "record sheet, exercise": "/console/exercise_cluster_area/exercise_a?as_of=2026-11-30&at_sequence=2600&print=1",
  "measures": "/console/measures",
  "measure": "/console/measures/cluster_area/2014-40",
  "versions side by side": "/console/measures/cluster_area/2012-61/diff/2014-40",
  "found": "/console/find?q=guang",
  "problem, subject": "/console/cluster_area/futain",
  "problem, day": "/console/cluster_area/futian?as_of=2026-02-30",
};

/** Every kind, with the address of its page and the role that looks. */
export async function kinds(world) {
  const all = Object.entries(KINDS).map(([name, path]) => ({ name, path, role: "auditor" }));
  all.push({ name: "correction", path: await correction(world), role: "auditor" });
  all.push({ name: "enrollment, acts tried", path: `${RECORD}?try=1`, role: "national_office" });
  all.push({ name: "sign-in", path: "/console/login", role: null });
  for (const end of ["", "/enrollments", "/acts", "/types", "/problems", "/problems/revision-conflict"]) {
    all.push({ name: `docs${end}`, path: `/docs${end}`, role: null });
  }
  all.push({ name: "which act", path: `${RECORD}/acts/new`, role: "national_office" });
  all.push({ name: "no act", path: `${RECORD}/acts/new`, role: "auditor" });
  all.push({ name: "form", path: FORM, role: "national_office" });
  return all.map((kind) => ({
    ...kind,
    missing: kind.name.startsWith("problem, "),
  }));
}

/** The page of a correction: the first that the record of an exercise leads to. */
async function correction(world) {
  const events = await world.api("/v1/exceptions?exercise=true&kind=correction&limit=1");
  const of = events.body.items[0];
  const sequence = Number(of.event.sequence);
  return `/console/${of.program}/${of.subject}/corrections/${sequence}`;
}
