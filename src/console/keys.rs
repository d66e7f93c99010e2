//! The list of keys, where who wants them turns them on.

use maud::html;

use super::asking::{Made, Page};
use super::frame::{Head, framed};

/// What is pressed and what it does.
const KEYS: [(&str, &str, &str); 12] = [
    ("/", "To the field that finds", "前往查找栏"),
    ("g r", "The register", "名册"),
    ("g w", "Whose move", "待办"),
    ("g e", "The exceptions", "例外"),
    ("g q", "Quotas and targets", "名额与目标"),
    ("g l", "The log", "日志"),
    ("g m", "The measures", "办法"),
    ("[ ]", "The previous and the next: day of change, or event", "前一个、后一个变更日或事件"),
    ("j", "The next entry of a list", "列表中的下一项"),
    ("k", "The previous entry of a list", "列表中的上一项"),
    ("t", "To the times", "前往时间栏"),
    ("?", "This list", "本列表"),
];

/// The page.
///
/// # Errors
/// What stands in the way.
pub async fn page(page: &Page) -> Made {
    let title = page.say("Keys", "快捷键");
    let body = html! {
        h1 { (title) }
        p.lead { (page.say(
            "Single keys are off until you turn them on here, in this browser. Everything is reached without them.",
            "单键快捷键默认关闭，可在此为本浏览器开启。不使用快捷键亦可到达一切内容。"
        )) }
        p { button #turn-keys type="button" hidden data-on=(page.say("Turn on", "开启")) data-off=(page.say("Turn off", "关闭")) { (page.say("Turn on", "开启")) } }
        noscript { p { (page.say("They need a script, which this browser does not run.", "快捷键需要脚本，而此浏览器未运行脚本。")) } }
        table.fixed.slim { thead { tr { th.w3 scope="col" { (page.say("Key", "按键")) } th scope="col" { (page.say("What it does", "作用")) } } }
            tbody { @for (key, en, zh) in KEYS { tr { th scope="row" { kbd { (key) } } td { (page.say(en, zh)) } } } }
        }
    };
    framed(page, Head { title: title.to_owned(), ..Head::default() }, &body).await
}
