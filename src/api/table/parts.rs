//! The parts of the paths: what each stands for, whatever route it is in.

use crate::export::LABEL;
use crate::projection::REPORTS;
use crate::views::parameter::{Kind, Parameter};
use crate::views::problem::Code;

/// Every part that a path can have.
pub const PARTS: &[Parameter] = &[
    Parameter::new("program", Kind::Text, "The program, by its id.", "项目标识。"),
    Parameter::new("subject", Kind::Text, "The subject, by its id.", "主体标识。"),
    Parameter::new(
        "division",
        Kind::Text,
        "A subject, a prefecture-level division by its code, or a total.",
        "主体、地级行政区划代码或合计项。",
    ),
    Parameter::new(
        "version",
        Kind::Text,
        "The version, as its list names it.",
        "列表中所示的版本。",
    ),
    Parameter::new(
        "other",
        Kind::Text,
        "The other version, as its list names it.",
        "列表中所示的另一版本。",
    ),
    Parameter::new(
        "act",
        Kind::Uuid,
        "The act, by the id of its event.",
        "行为，以其事件的标识表示。",
    ),
    Parameter::new("revision", Kind::Number(0), "The revision, from 0.", "修订号，自 0 起。"),
    Parameter::new("year", Kind::Number(0), "The year.", "年份。"),
    Parameter::new("event", Kind::Text, "The event, by its sequence or id.", "事件的序号或标识。"),
    Parameter::new(
        "data_subject",
        Kind::Text,
        "The person, by the opaque id that the recording office gave.",
        "信息主体，以登记机关所给的不透明标识表示。",
    ),
    Parameter::new(
        "hold",
        Kind::Text,
        "The legal hold: the data subject and the revision at which it was placed, `p-7f3a@0`.",
        "保全措施：信息主体及设置时的修订号，例如 p-7f3a@0。",
    ),
    Parameter::new("page", Kind::Number(0), "The archive page, from 0.", "存档页编号，自 0 起。"),
    Parameter::new(
        "table",
        Kind::OneOf(|| REPORTS.iter().map(|table| table.name).chain([LABEL]).collect()),
        "The reporting table.",
        "报表名称。",
    ),
    Parameter::new(
        "digest",
        Kind::Digest,
        "The document, by its SHA-256.",
        "文件的 SHA-256 摘要。",
    ),
    Parameter::new("operation", Kind::Uuid, "The operation, by its id.", "操作标识。"),
    Parameter::new("endpoint", Kind::Uuid, "The endpoint, by its id.", "端点标识。"),
    Parameter::new("sequence", Kind::Sequence, "The event, by its sequence.", "事件的序号。"),
    Parameter::new(
        "schema",
        Kind::Text,
        "The file of the schema, as events name it.",
        "数据结构文件名，见事件所引。",
    ),
    Parameter::new(
        "level",
        Kind::Number(0),
        "The level of the tile, from 0.",
        "切片所在的层，自 0 起。",
    ),
    Parameter::new(
        "tile",
        Kind::Text,
        "The tile: its number in groups of three digits, and `.p/<width>` where it is not full.",
        "切片：三位一组的编号，未满时后接 .p/<宽度>。",
    ),
    Parameter::new(
        "resource",
        Kind::Text,
        "The resource, as its addresses begin after /v1/; or words, acts, types or problems.",
        "资源名称，即 /v1/ 之后的第一段；或 words、acts、types、problems。",
    ),
    Parameter::new(
        "name",
        Kind::OneOf(|| Code::ALL.iter().map(|code| code.name()).collect()),
        "The problem, as the end of its `type` names it.",
        "问题名称，即 type 的末段。",
    ),
];

/// What stands for a path in the router: a tile's number has slashes in it, what `tlog-tiles` names stands
/// at the server's root as well, and the pages of problems below those about the interface.
pub fn patterns_of(path: &str) -> Vec<String> {
    let pattern = path.replace("{tile}", "{tile:.+}");
    let at_root = pattern
        .strip_prefix("/v1/log")
        .filter(|rest| rest.starts_with("/tile/") || *rest == "/checkpoint");
    let below = pattern.strip_prefix("/problems/").map(|rest| format!("/docs/problems/{rest}"));
    let others = at_root.map(str::to_owned).into_iter().chain(below);
    let others = others.collect::<Vec<_>>();
    std::iter::once(pattern).chain(others).collect()
}

/// The parts of a path, in its order; each is there in [`PARTS`].
pub fn parts_of(path: &str) -> impl Iterator<Item = &'static Parameter> {
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    names.filter_map(|name| PARTS.iter().find(|part| part.name == name))
}
