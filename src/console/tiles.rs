//! The provinces as tiles that stand by rough direction: no boundary is drawn, so this is no map.

use std::borrow::Cow;

use maud::{Markup, html};
use serde_json::Value;

use super::asking::{Failure, Page};
use super::frame::shown_if;
use super::json::{list, text, text_if};

/// Column, row, id, and the name on the tile in both languages.
const TILES: [(usize, usize, &str, &str, &str); 35] = [
    (8, 1, "230000", "Heilongjiang", "黑龙江"),
    (1, 2, "650000", "Xinjiang", "新疆"),
    (6, 2, "150000", "Inner Mongolia", "内蒙古"),
    (8, 2, "220000", "Jilin", "吉林"),
    (1, 3, "corps", "Corps", "兵团"),
    (3, 3, "620000", "Gansu", "甘肃"),
    (4, 3, "640000", "Ningxia", "宁夏"),
    (6, 3, "110000", "Beijing", "北京"),
    (7, 3, "120000", "Tianjin", "天津"),
    (8, 3, "210000", "Liaoning", "辽宁"),
    (3, 4, "630000", "Qinghai", "青海"),
    (4, 4, "610000", "Shaanxi", "陕西"),
    (5, 4, "140000", "Shanxi", "山西"),
    (6, 4, "130000", "Hebei", "河北"),
    (7, 4, "370000", "Shandong", "山东"),
    (2, 5, "540000", "Tibet", "西藏"),
    (3, 5, "510000", "Sichuan", "四川"),
    (4, 5, "500000", "Chongqing", "重庆"),
    (5, 5, "410000", "Henan", "河南"),
    (6, 5, "340000", "Anhui", "安徽"),
    (7, 5, "320000", "Jiangsu", "江苏"),
    (8, 5, "310000", "Shanghai", "上海"),
    (3, 6, "530000", "Yunnan", "云南"),
    (4, 6, "520000", "Guizhou", "贵州"),
    (5, 6, "420000", "Hubei", "湖北"),
    (6, 6, "360000", "Jiangxi", "江西"),
    (7, 6, "330000", "Zhejiang", "浙江"),
    (4, 7, "450000", "Guangxi", "广西"),
    (5, 7, "430000", "Hunan", "湖南"),
    (6, 7, "440000", "Guangdong", "广东"),
    (7, 7, "350000", "Fujian", "福建"),
    (8, 7, "", "Taiwan", "台湾"),
    (5, 8, "460000", "Hainan", "海南"),
    (6, 8, "", "Macao", "澳门"),
    (7, 8, "", "Hong Kong", "香港"),
];

/// What the tiles show.
pub struct Shown {
    kind: &'static str,
    /// Subjects with what is overdue, where that is shown.
    overdue: Vec<(String, usize)>,
}

/// What can be shown: how the address says it, and what it is called.
const KINDS: [(&str, &str, &str); 4] = [
    ("", "Category and phase", "类型与阶段"),
    ("move", "Whose move", "待办"),
    ("due", "Overdue", "逾期"),
    ("evidence", "Last evidenced", "最近依据"),
];

/// What is asked for; the category where nothing is.
///
/// # Errors
/// What stands in the way.
pub async fn shown(page: &Page, program: &str) -> Result<Shown, Failure> {
    let asked = page.parameter("tiles");
    let kind = KINDS.iter().find(|(kind, ..)| *kind == asked).map_or("", |(kind, ..)| *kind);
    let mut overdue: Vec<(String, usize)> = Vec::new();
    if kind == "due" {
        let asked = [("program", program), ("status", "OVERDUE"), ("limit", "1000")];
        let answer = page.get("/v1/obligations", &asked).await?;
        for subject in list(&answer, "items").iter().filter_map(|item| text_if(item, "subject")) {
            match overdue.iter_mut().find(|(known, _)| known == subject) {
                Some((_, count)) => *count += 1,
                None => overdue.push((subject.to_owned(), 1)),
            }
        }
    }
    Ok(Shown { kind, overdue })
}

/// The grid.
pub fn tiles(page: &Page, program: &str, items: &[Value], shown: &Shown) -> Markup {
    html! {
        nav.row aria-label=(page.say("What the tiles show", "方块所示内容")) { @for (kind, en, zh) in KINDS {
            a href=(page.times.link(page.http.uri().path(), &[("tiles", kind)])) aria-current=[(kind == shown.kind).then_some("true")] { (page.say(en, zh)) }
        } }
        ul.tiles { @for (column, row, id, en, zh) in TILES {
            @let item = items.iter().find(|item| text(item, "subject") == id && !id.is_empty());
            li class={ "c" (column) " r" (row) } { (tile(page, program, (id, page.say(en, zh)), item, shown)) }
        } }
        p.quiet { (page.say(
            "Tiles stand by rough direction. This is not a map: it shows no boundary and no area. Dashed: known from evidence. Dotted: inferred. Round: the Corps, which is no division. Hollow: not subjects of this program.",
            "方块按大致方位排列。本图不是地图，不表示边界和面积。虚线：仅有佐证。点线：推定。圆形：兵团，非行政区划。空心：不属于本项目主体。"
        )) }
    }
}

fn tile(
    page: &Page,
    program: &str,
    (id, name): (&str, &str),
    item: Option<&Value>,
    shown: &Shown,
) -> Markup {
    let Some(item) = item else {
        let class = match id {
            "" => "tile hollow",
            "corps" => "tile round",
            _ => "tile",
        };
        return html! { span class=(class) { (name) } };
    };
    let known = match text(item, "provenance") {
        "ATTESTED" => "attested",
        "INFERRED" => "inferred",
        _ => "recorded",
    };
    let (class, said) = said(page, id, item, shown);
    html! {
        a class={ "tile " (class) " " (known) } href=(page.times.link(&format!("/console/{program}/{id}"), &[])) {
            strong { (name) } " "
            span { (said) }
            @if shown.kind.is_empty() { span.quiet { (text(item, "stands_at/label")) } }
        }
    }
}

/// The colour of a tile, and the word that says the same.
fn said<'v>(page: &'v Page, id: &str, item: &'v Value, shown: &Shown) -> (&'v str, Cow<'v, str>) {
    match shown.kind {
        "move" => match list(item, "waiting").first() {
            Some(first) => ("care", text(first, "matter_label").into()),
            None => ("none", page.say("nobody's", "无").into()),
        },
        "due" => match shown.overdue.iter().find(|(subject, _)| subject == id) {
            Some((_, count)) => {
                ("alarm", format!("{count}{}", page.say(" overdue", "项逾期")).into())
            }
            None => ("none", page.say("none overdue", "无逾期").into()),
        },
        "evidence" => ("none", shown_if(item, "last_evidenced_on", page.language).into()),
        _ => {
            let category = text_if(item, "category/id").unwrap_or("none");
            (
                category,
                text_if(item, "category/label").unwrap_or(text(item, "stands_at/label")).into(),
            )
        }
    }
}
