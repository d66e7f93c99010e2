//! The example of a route: a command that runs as it stands, once the tokens and the ids are set.

use maud::{Markup, html};

use super::bodies::{Sends, sends};
use super::reference::members_of_answer;
use crate::api::asking::auth::Role;
use crate::api::asking::reader::Reader;
use crate::api::table::route::{Body, Route, Verb};
use crate::api::table::routes::ROUTES;
use crate::views::headers::{IDEMPOTENCY_KEY, IF_MATCH};
use crate::views::media::{OCTETS, ZIP};

/// An example.
#[derive(Debug, Clone)]
pub struct Example {
    /// The command.
    pub command: String,
    /// The status of its answer.
    status: u16,
    /// The members that the answer must have, where it is JSON.
    members: Vec<&'static str>,
    /// Whether it is run as it stands; otherwise it shows the form alone.
    runs: bool,
    /// Whether it records something that stays.
    records: bool,
}

/// What a part of a path is in an example: a shell variable or a value that every server has.
fn value_of(part: &str, route: &Route) -> &'static str {
    let is_whole_act = route.path.starts_with("/v1/programs/{program}/acts/");
    match part {
        "program" if is_whole_act => "$WHOLE",
        "act" if is_whole_act => "$WHOLE_ACT",
        "subject" if route.operation == "rename_subject" => "docs_x",
        "version" if route.path.contains("/plan-versions/") => "1",
        "operation" if route.operation == "get_operation_result" => "$BUNDLE",
        "program" => "$PROGRAM",
        "subject" => "$SUBJECT",
        "act" => "$ACT",
        "version" => "$VERSION",
        "other" => "$OTHER",
        "division" => "$DIVISION",
        "digest" => "$DIGEST",
        "operation" => "$OPERATION",
        "endpoint" => "$ENDPOINT",
        "year" => "2099",
        "tile" => "000",
        "table" => "enrollment_current",
        "schema" => "LogCreated.v1.json",
        "name" => "not-found",
        "resource" => "words",
        "data_subject" => "p-7f3a",
        "hold" => "p-7f3a@0",
        // Revisions, sequences, levels and pages: each has a first one.
        _ => "0",
    }
}

/// What sets a variable: its name, and the commands; later ones may use those before.
const SET: [(&str, &str); 9] = [
    (
        "PROGRAM SUBJECT",
        r#"STREAM=$(curl -sS -H "Authorization: Bearer $AUDITOR" "$DOCKET_SERVER/v1/events?type=PlanSubmitted&limit=1" | first stream)
PROGRAM=${STREAM%%-*} SUBJECT=${STREAM#*-}"#,
    ),
    (
        "VERSION",
        r#"VERSION=$(curl -sS -H "Authorization: Bearer $AUDITOR" "$DOCKET_SERVER/v1/programs/$PROGRAM/measures" | first version)"#,
    ),
    (
        "OTHER",
        r#"OTHER=$(curl -sS -H "Authorization: Bearer $AUDITOR" "$DOCKET_SERVER/v1/programs/$PROGRAM/measures" | grep -o '"version":"[^"]*' | tail -n 1 | cut -d '"' -f 4)"#,
    ),
    (
        "ACT",
        r#"ACT=$(curl -sS -H "Authorization: Bearer $AUDITOR" "$DOCKET_SERVER/v1/enrollments/$PROGRAM/$SUBJECT/acts" | first id)"#,
    ),
    (
        "WHOLE WHOLE_ACT",
        r#"WHOLE=$(curl -sS -H "Authorization: Bearer $AUDITOR" "$DOCKET_SERVER/v1/events?type=FigureRecorded&limit=1" | first stream)
WHOLE=${WHOLE#*-}
WHOLE_ACT=$(curl -sS -H "Authorization: Bearer $AUDITOR" "$DOCKET_SERVER/v1/programs/$WHOLE/acts" | first id)"#,
    ),
    (
        "DIVISION",
        r#"DIVISION=$(curl -sS -H "Authorization: Bearer $AUDITOR" "$DOCKET_SERVER/v1/events?type=IndicatorRecorded&limit=1" | first stream)
DIVISION=${DIVISION#*-}"#,
    ),
    (
        "DIGEST",
        r#"DIGEST=$(curl -sS -H "Authorization: Bearer $AUDITOR" "$DOCKET_SERVER/v1/events?type=PlanSubmitted&limit=1" | first digest)"#,
    ),
    (
        "ENDPOINT",
        r#"ENDPOINT=$(curl -sS -H "Authorization: Bearer $OPERATOR" "$DOCKET_SERVER/v1/webhook-endpoints" | first id)"#,
    ),
    (
        "OPERATION BUNDLE",
        r#"OPERATION=$(curl -sS -X POST -H "Authorization: Bearer $REGISTRAR" "$DOCKET_SERVER/v1/imports?validate_only=true" \
  -H 'Idempotency-Key: "docs-import"' -H 'Content-Type: application/x-ndjson' \
  -d '{"program": "'$PROGRAM'", "subject": "'$SUBJECT'", "key": "docs-1", "act": "note", "effective_on": "2016-01-05", "text": "Seen."}' | first id)
BUNDLE=$(curl -sS -X POST -H "Authorization: Bearer $AUDITOR" "$DOCKET_SERVER/v1/enrollments/$PROGRAM/$SUBJECT/evidence" \
  -H 'Idempotency-Key: "docs-bundle"' | first id)
for ID in $OPERATION $BUNDLE; do
  curl -sS -H "Authorization: Bearer $AUDITOR" -H 'Prefer: wait=30' "$DOCKET_SERVER/v1/operations/$ID" > /dev/null
done"#,
    ),
];

/// What takes a member out of an answer, without another program than a shell has.
const FIRST: &str =
    r#"first() { grep -o "\"$1\":\"\{0,1\}[^\",}]*" | head -n 1 | sed 's/.*:"\{0,1\}//'; }"#;

impl Example {
    /// The example of a route.
    pub fn of(route: &Route, reader: &Reader) -> Self {
        let known = sends(route.operation);
        let runs = known.is_some() || (route.verb == Verb::Get && !needs_more(route));
        let sent = known.unwrap_or(Sends { query: "", media: "", body: "", status: None });
        let status = sent.status.unwrap_or(route.success.0);
        let validates = sent.query.contains("validate_only=true");
        Self {
            command: command(route, reader, &sent),
            status,
            members: members_of_answer(route),
            runs,
            records: route.verb == Verb::Post && !validates && status == 201,
        }
    }

    /// As it stands on a page.
    pub fn shown(&self, reader: &Reader) -> Markup {
        html! {
            @if self.runs {
                pre data-status=(self.status) data-members=(self.members.join(" ")) { code { (self.command) } }
            } @else {
                pre { code { (self.command) } }
            }
            p.quiet {
                (reader.say("Answer: ", "答复：")) (self.status)
                @if self.records { (reader.say(
                    ". It is recorded and stays: put in what you mean.",
                    "。该内容将予记录且不可删除，请改为实际内容。"
                )) }
                @if !self.runs { (reader.say(
                    ". Not to be copied as it stands: put in ids and a body of yours.",
                    "。请勿原样使用：须填入您的标识和请求体。"
                )) }
            }
        }
    }
}

/// Whether an address of a person stands in the path: no server need have one.
fn needs_more(route: &Route) -> bool {
    route.path.contains("{data_subject}") || route.query.iter().any(|one| one.required)
}

fn command(route: &Route, reader: &Reader, sent: &Sends) -> String {
    let parts = route.path.split('/').map(|part| {
        let name = part.strip_prefix('{').and_then(|part| part.strip_suffix('}'));
        name.map_or(part, |name| value_of(name, route))
    });
    let path = parts.collect::<Vec<_>>().join("/");
    let verb = match route.verb {
        Verb::Get => String::new(),
        verb => format!("-X {} ", verb.as_str()),
    };
    let query = if sent.query.is_empty() { String::new() } else { format!("?{}", sent.query) };
    let mut lines = vec![format!("curl -sS {verb}\"$DOCKET_SERVER{path}{query}\"")];
    let mut headers = Vec::new();
    headers
        .extend(variable(route.roles).map(|name| format!("-H \"Authorization: Bearer ${name}\"")));
    headers.push(format!("-H 'Accept-Language: {}'", reader.language.tag()));
    lines.push(headers.join(" "));
    let takes = |name: &str| route.takes.iter().any(|header| header.name == name);
    let key = takes(IDEMPOTENCY_KEY.name)
        .then(|| format!("-H 'Idempotency-Key: \"docs-{}\"'", route.operation));
    let condition = takes(IF_MATCH.name).then(|| "-H 'If-Match: *'".to_owned());
    let conditions: Vec<String> = key.into_iter().chain(condition).collect();
    if !conditions.is_empty() {
        lines.push(conditions.join(" "));
    }
    match route.body {
        Body::None => {}
        _ if sent.media.is_empty() => {
            lines.push("-H 'Content-Type: application/json' -d @body.json".to_owned());
        }
        _ => {
            lines.push(format!("-H 'Content-Type: {}'", sent.media));
            lines.push(format!("-d '{}'", sent.body));
        }
    }
    if route.gives.iter().any(|media| [ZIP, OCTETS].contains(media)) {
        lines.push("-o answer.bin".to_owned());
    }
    lines.join(" \\\n  ")
}

/// The variable that holds the token of an example: of who reads most, if that role may ask.
fn variable(roles: &[Role]) -> Option<String> {
    let usual = [Role::Auditor, Role::Registrar].into_iter().find(|role| roles.contains(role));
    let role = usual.or_else(|| roles.first().copied());
    role.map(|role| role.as_str().to_ascii_uppercase())
}

/// How the tokens that the examples use come to be.
pub fn tokens(reader: &Reader, examples: &[Example]) -> Markup {
    let set = commands(examples);
    let used = |role: &Role| {
        let name = format!("Bearer ${}", role.as_str().to_ascii_uppercase());
        set.contains(&name) || examples.iter().any(|example| example.command.contains(&name))
    };
    let mut lines = String::new();
    for role in Role::ALL.iter().filter(|role| used(role)) {
        let (name, role) = (role.as_str().to_ascii_uppercase(), role.as_str());
        lines.push_str(&format!(
            "{name}=$(docket token --role {role} --office {role} --data-dir /srv/docket)\n"
        ));
    }
    html! { @if !lines.is_empty() {
        p { (reader.say(
            "A token says for whom one asks. On the server's machine docket token issues one; where make run serves, they are in its folder: ",
            "令牌表明请求者的身份，可在服务器上以 docket token 签发；make run 所启动的服务，令牌在其目录中："
        )) code { ". demo-data/tokens.env" } }
        pre data-tokens="" { code { (lines.trim_end()) } }
    } }
}

/// What the examples of a page need before them.
pub fn set_up(reader: &Reader, examples: &[Example]) -> Markup {
    html! { pre data-set-up="" { code { "DOCKET_SERVER=" (reader.server) "\n" (commands(examples)) } } }
}

/// The commands that set the variables which the examples use, or which those commands use.
fn commands(examples: &[Example]) -> String {
    let mut text: String = examples.iter().map(|example| example.command.as_str()).collect();
    let mut needed = Vec::new();
    for (names, command) in SET.iter().rev() {
        let is_used = |name: &str| {
            let by = |end| text.contains(&format!("${name}{end}"));
            by("/") || by("\"") || by("'") || by("?") || by(" ")
        };
        if names.split(' ').any(is_used) {
            text.push_str(command);
            needed.push(*command);
        }
    }
    if needed.is_empty() {
        return String::new();
    }
    needed.push(FIRST);
    needed.reverse();
    needed.join("\n")
}

/// The example of an operation, for a page that tells of it.
pub fn of_operation(operation: &str, reader: &Reader) -> Option<Example> {
    ROUTES.iter().find(|route| route.operation == operation).map(|route| Example::of(route, reader))
}
