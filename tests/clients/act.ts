// Types by openapi-typescript, requests by openapi-fetch; what is answered is read by zod, as orval says.
import createClient from "openapi-fetch";
import type { components, paths } from "./api";
import { getEnrollmentResponse, listEnrollmentsResponse, recordActResponse } from "./forms";

const { BASE, SUBJECT, REGISTRAR, NATIONAL, PROVINCE, AUDITOR } = process.env as Record<string, string>;
const program = "exercise_strong_province";
const subject = SUBJECT;
const client = (token: string) =>
  createClient<paths>({ baseUrl: BASE, headers: { Authorization: `Bearer ${token}`, "Accept-Language": "en" } });

function given<T>(what: string, answer: { data?: T; error?: unknown; response: Response }): [T, Headers] {
  if (answer.data === undefined) throw new Error(`${what}: ${answer.response.status} ${JSON.stringify(answer.error)}`);
  return [answer.data, answer.response.headers];
}

async function act(token: string, key: string, body: components["schemas"]["act_apply"] | components["schemas"]["act_approve"], seen?: string) {
  const [recorded, headers] = given(key, await client(token).POST("/v1/enrollments/{program}/{subject}/acts", {
    params: { path: { program, subject }, header: { "Idempotency-Key": key, ...(seen ? { "If-Match": seen } : { "If-None-Match": "*" }) } },
    body,
  }));
  recordActResponse.parse(recorded);
  const tag = headers.get("etag");
  if (!tag || !headers.get("location")) throw new Error(`${key}: no ETag or no Location`);
  return tag;
}

async function main() {
  given("register", await client(REGISTRAR).POST("/v1/subjects", {
    params: { header: { "Idempotency-Key": `register-${subject}` } },
    body: { id: subject, kind: "province", name: { en: subject, zh: subject }, province: subject, invented: true, source: "test", effective_on: "2010" },
  }));
  const tag = await act(PROVINCE, "apply", { act: "apply", effective_on: "2016-01-05", category: "leading", rank: "pilot" });
  await act(NATIONAL, "approve", { act: "approve", effective_on: "2016-03-01", batch: "1" }, tag);
  const auditor = client(AUDITOR);
  const path = { program, subject };
  const [status] = given("read", await auditor.GET("/v1/enrollments/{program}/{subject}", { params: { path, query: { as_of: "2016-03-01" } } }));
  const node = getEnrollmentResponse.parse(status).stands_at?.node;
  if (node !== "pilot") throw new Error(`it stands at ${node}`);
  const [page] = given("list", await auditor.GET("/v1/enrollments", {
    params: { query: { program, min_sequence: status.sequence ?? undefined, limit: 5 }, header: { Prefer: "wait=10" } },
  }));
  if (!listEnrollmentsResponse.parse(page).items.some((item) => item.subject === subject)) throw new Error("it is not listed");
  console.log(`TypeScript: ${subject} stands at ${node}`);
}

main().catch((error) => { console.error(error); process.exit(1); });
