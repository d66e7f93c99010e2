//! Two versions or editions of a measure side by side: what another reading or another text changed, and
//! which decisions on record would have gone otherwise.

use maud::{Markup, html};
use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use super::asking::{Made, Page};
use super::frame::{Head, framed, shown};
use super::json::{flag, list, number, sequence, text, text_if};
use super::links::{address, encoded};
use crate::domain::words;
use crate::views::spoken::{language_of, spoken};

/// Differences of one decision that are shown.
const SHOWN: usize = 5;

/// The page.
///
/// # Errors
/// What stands in the way.
pub async fn page(page: &Page) -> Made {
    let (program, version, other) =
        (page.path("program"), page.path("version"), page.path("other"));
    let editions = [
        ("edition", page.parameter("edition")),
        ("other_edition", page.parameter("other_edition")),
    ];
    let of = format!("/v1/programs/{}/measures/{}", encoded(&program), encoded(&version));
    let shows = address(&format!("{of}/diff/{}", encoded(&other)), editions);
    let answer = page.get_at(&shows).await?;
    let changes = list(&answer, "changes");
    let title = format!("{program} {version} | {other}");
    let reading = |change: &&(&Value, &Value)| flag(change.1, "is_reading");
    let members: Vec<_> = changes
        .iter()
        .filter(|change| text(change, "change") == "CHANGED")
        .flat_map(|change| list(change, "members").iter().map(move |member| (change, member)))
        .collect();
    let (readings, rest): (Vec<_>, Vec<_>) =
        members.into_iter().partition(|change| reading(&change));
    let whole =
        |kind: &str| changes.iter().filter(|one| text(one, "change") == kind).collect::<Vec<_>>();
    let (added, removed) = (whole("ADDED"), whole("REMOVED"));
    let body = html! {
        p.crumbs { a href=(page.times.link(&format!("/console/measures/{}/{}", encoded(&program), encoded(&version)), &[])) { (version) } }
        h1 { (page.say("Side by side: ", "对照：")) (version) (page.say(" and ", "与")) (other) }
        dl.pairs { @for side in ["one", "other"] { @let edition = &answer[side];
            dt { (text(edition, "version")) }
            dd { (page.say("in force from ", "施行：")) (shown(text(edition, "in_force_from"), page.language)) ". " code { (text(edition, "digest")) } br; (spoken(text(edition, "reason"), page.language)) }
        } }
        @if changes.is_empty() { p.lead { (page.say("No difference: both say the same, part by part.", "无差异：两者逐项相同。")) } }
        @else { p.lead {
            strong { (rest.len()) } (page.say(" members changed, ", "处内容变更，")) strong { (readings.len()) } (page.say(" readings changed, ", "处理解变更，"))
            strong { (added.len()) } (page.say(" parts added, ", "部分新增，")) strong { (removed.len()) } (page.say(" removed.", "部分删除。"))
        } }
        section { h2 { (page.say("What changed in our reading", "理解的变更")) }
            @if readings.is_empty() { p { (page.say("Nothing, in what both have.", "两者共有部分的理解没有变更。")) } } @else { (side_by_side(page, &readings)) } }
        @if !rest.is_empty() { section { h2 { (page.say("What changed in what is encoded", "编码内容的变更")) } (side_by_side(page, &rest)) } }
        @for (parts, en, zh) in [(&added, "Added", "新增"), (&removed, "Removed", "删除")] { @if !parts.is_empty() { section {
            h2 { (page.say(en, zh)) } ul.parts { @for part in parts { li { (named(page, part)) } } }
        } } }
        (decisions(page, &of, &other).await?)
    };
    let head = Head { title, part: "measures", shows: Some(shows), ..Head::default() };
    framed(page, head, &body).await
}

fn named(page: &Page, part: &Value) -> Markup {
    html! { code { (text(part, "part")) } @if let Some(article) = text_if(part, "article") { " § " (words::article(article, page.language)) } }
}

fn side_by_side(page: &Page, changes: &[(&Value, &Value)]) -> Markup {
    html! { div.scroll tabindex="0" { table.compared {
        thead { tr { th scope="col" { (page.say("Part", "部分")) } th scope="col" { (page.say("Before", "此前")) } th scope="col" { (page.say("After", "此后")) } } }
        @for part in changes.chunk_by(|(one, _), (next, _)| std::ptr::eq(*one, *next)) { tbody {
            tr { th.part scope="rowgroup" colspan="3" { (named(page, part[0].0)) } }
            @for (_, member) in part { (member_of(page, member)) }
        } }
    } } }
}

fn member_of(page: &Page, member: &Value) -> Markup {
    let said = |side| text_if(member, side).map(|text| text.trim_matches('"'));
    let (before, after) = (said("before"), said("after"));
    let by_signs = text(member, "member").ends_with("zh");
    let (old, new) = marked(before.unwrap_or_default(), after.unwrap_or_default(), by_signs);
    let none = || html! { span.quiet { (page.say("nothing", "无")) } };
    html! { tr {
        th scope="row" { @match text(member, "member") { "" => (page.say("as a whole", "整体")), named => code { (named) } } }
        td { @match before { Some(text) => span lang=[language_of(text)] { (old) }, None => (none()) } }
        td { @match after { Some(text) => span lang=[language_of(text)] { (new) }, None => (none()) } }
    } }
}

/// Two texts, with what is gone marked in the one and what is new in the other: by signs in Chinese, else by
/// words.
fn marked(before: &str, after: &str, by_signs: bool) -> (Markup, Markup) {
    let diff = match by_signs {
        true => TextDiff::from_chars(before, after),
        false => TextDiff::from_words(before, after),
    };
    let side = |own: ChangeTag| {
        let mut runs: Vec<(bool, String)> = Vec::new();
        for change in diff.iter_all_changes() {
            let is_own = change.tag() == own;
            if !is_own && change.tag() != ChangeTag::Equal {
                continue;
            }
            match runs.last_mut().filter(|(last, _)| *last == is_own) {
                Some((_, run)) => run.push_str(change.value()),
                None => runs.push((is_own, change.value().to_owned())),
            }
        }
        html! { @for (is_own, run) in &runs { @match (is_own, own) {
            (false, _) => (run),
            (true, ChangeTag::Delete) => del { (run) },
            (true, ChangeTag::Insert | ChangeTag::Equal) => ins { (run) },
        } } }
    };
    (side(ChangeTag::Delete), side(ChangeTag::Insert))
}

/// The decisions that would have gone otherwise; looked for where that is asked, since each is made again.
async fn decisions(page: &Page, of: &str, other: &str) -> Made {
    let here = page.http.uri().path();
    let kept = [
        ("edition", page.parameter("edition")),
        ("other_edition", page.parameter("other_edition")),
    ];
    let ask = |after: &str| {
        let own = [("decisions", "1"), ("after", after)];
        page.times.link(here, &[&kept[..], &own].concat())
    };
    if page.parameter("decisions") != "1" {
        return Ok(
            html! { section { h2 { (page.say("Decisions that would have gone otherwise", "结论将有不同的决定")) }
                p { a href=(ask("")) { (page.say("Make the decisions on record again, as if the other had stood in the place of the one", "以另一版本取代该版本，重新作出在案决定")) } }
                p.quiet { (page.say("Nothing is recorded. Some sixty at a time.", "不作任何登记；每次约六十项。")) }
            } },
        );
    }
    let asked =
        [("other_edition", page.parameter("other_edition")), ("after", page.parameter("after"))];
    let target = address(&format!("{of}/judged-otherwise/{}", encoded(other)), asked);
    let answer = page.get_at(&target).await?;
    let items = list(&answer, "items");
    Ok(
        html! { section { h2 #decisions { (page.say("Decisions that would have gone otherwise", "结论将有不同的决定")) }
            p { strong { (items.len()) } (page.say(" of ", "项，共重新作出")) (number(&answer, "decisions")) (page.say(" decisions that were made again here.", "项在案决定。")) }
            @if !items.is_empty() { div.scroll tabindex="0" { table.fixed {
                thead { tr { th.figure scope="col" { "#" } th scope="col" { (page.say("Act", "行为")) } th scope="col" { (page.say("Whom", "主体")) } th scope="col" { (page.say("What would be otherwise", "不同之处")) } } }
                tbody { @for item in items { (otherwise(page, item)) } }
            } } }
            @match text_if(&answer, "onward") {
                Some(onward) => p { a href=(ask(onward)) { (page.say("There are more: go on", "尚有其余：继续")) } },
                None => p.quiet { (page.say("All was looked at, up to the end.", "已全部查看，直至最后一项。")) },
            }
        } },
    )
}

/// A value as it is shown among others; what is longer is in the interface's answer.
fn cut(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn otherwise(page: &Page, item: &Value) -> Markup {
    let of = sequence(text(item, "sequence"));
    let program = text(item, "program");
    html! { tr {
        td.figure { a href=(page.times.link(&format!("/console/log/{of}"), &[])) { "#" (of) } }
        td { (text(item, "act_label")) ", " (shown(text(item, "effective_on"), page.language)) @if let Some(article) = text_if(item, "article") { " § " (words::article(article, page.language)) } }
        td { @match text_if(item, "subject") {
            Some(subject) => a href=(page.times.link(&format!("/console/{program}/{}", encoded(subject)), &[])) { (subject) },
            None => (page.say("the program as a whole", "项目整体")),
        } " " span.quiet { (program) } }
        td {
            @if let Some(refused) = text_if(item, "refused") { strong.alarm { (page.say("It would be refused: ", "将被驳回：")) } (refused)
                @if let Some(article) = text_if(item, "refused_by") { " § " (words::article(article, page.language)) } }
            ul { @for one in list(item, "differs").iter().take(SHOWN) { li { code { (text(one, "pointer")) } ": " (cut(&one["on_record"])) " → " (cut(&one["otherwise"])) } }
                @let more = list(item, "differs").len().saturating_sub(SHOWN);
                @if more > 0 { li { (page.say("and ", "另有")) (more) (page.say(" more", "处")) } } }
        }
    } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_gone_and_what_is_new_are_marked_each_on_its_side() {
        let (old, new) =
            marked("\"three years from ratification\"", "\"five years from ratification\"", false);
        assert_eq!(old.0, "<del>&quot;three</del> years from ratification&quot;");
        assert_eq!(new.0, "<ins>&quot;five</ins> years from ratification&quot;");
        let (old, new) = marked("建设期三年", "建设期五年", true);
        assert_eq!(
            (old.0.as_str(), new.0.as_str()),
            ("建设期<del>三</del>年", "建设期<ins>五</ins>年")
        );
        assert_eq!(marked("", "new", false).0.0, "");
    }
}
