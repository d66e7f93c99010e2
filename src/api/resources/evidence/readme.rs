//! What a bundle says of itself: what it proves, and how that is verified with and without Docket.

use crate::domain::date::Day;
use crate::domain::registry::Label;
use crate::ledger::Signed;
use crate::ledger::bag::Files;

/// What a bundle proves not to be on record.
pub struct Absent {
    /// The act.
    pub label: Label,
    /// The first day; absent: any.
    pub from: Option<Day>,
    /// The last day.
    pub by: Day,
    /// The last sequence that is looked at.
    pub at: u64,
    /// From which day the record is complete, where that is known.
    pub kept_since: Option<Day>,
    /// The events whose entries are carried, first and last.
    pub entries: Option<(u64, u64)>,
}

impl Absent {
    /// In English.
    pub fn en(&self) -> String {
        let from = self.from.map_or_else(String::new, |from| format!("from {from} "));
        let kept = match self.kept_since {
            Some(day) => format!(
                "The record is said to be complete from {day} on: of days before it this says nothing."
            ),
            None => "From which day on the record is complete is not on record.".to_owned(),
        };
        format!(
            "No act \"{}\" is on record that counts {from}by {}, among all that was recorded up to event {}. {kept} \
             Times are the server's unless a witness or a time-stamp covers them.",
            self.label.en, self.by, self.at
        )
    }

    /// In Chinese.
    pub fn zh(&self) -> String {
        let from = self.from.map_or_else(String::new, |from| format!("自{from}起、"));
        let kept = match self.kept_since {
            Some(day) => format!("记录自{day}起视为完整，对此前的日期不作说明。"),
            None => "记录自何日起完整，未见记载。".to_owned(),
        };
        format!(
            "截至事件{}入档的全部记录中，没有{from}{}或之前生效的“{}”行为。{kept}时间以服务器为准，但见证方或时间戳所覆盖的除外。",
            self.at, self.by, self.label.zh
        )
    }

    fn how_en(&self) -> String {
        let rest = self.entries.map_or_else(String::new, |(first, last)| format!(
            "\n  Its stream has no event from {first} to {last}: data/entries.txt holds the entries of all of them, a line each\n  \
             in base64; with roots_before (the tree over what comes before) they make the root of data/checkpoint, and the\n  \
             stream's name, which begins each entry after three bytes, is another in each up to {}.", self.at));
        format!(
            "\nWhat is not on record (data/absence.json):\n  {}\n  The events of its stream are all there: their revisions \
             are dense from 0, and each is proved.{rest}\n",
            self.en()
        )
    }

    fn how_zh(&self) -> String {
        let rest = self.entries.map_or_else(String::new, |(first, last)| format!(
            "\n  事件 {first} 至 {last} 均不属于该流：data/entries.txt 载有其全部条目（每行一条，base64），连同 roots_before（此前部分的树）\n  \
             可得 data/checkpoint 的根；每条目自第四字节起为流名，至事件 {} 均非该流。", self.at));
        format!(
            "\n记录中没有的（data/absence.json）：\n  {}\n  该流的事件均在包内：修订号自 0 起连续，各有证明。{rest}\n",
            self.zh()
        )
    }
}

/// Adds the file in both languages.
pub fn add(name: &str, checkpoint: &Signed, absent: Option<&Absent>, files: &mut Files) {
    let (origin, size) = (&checkpoint.origin, checkpoint.size);
    let absence = |how: fn(&Absent) -> String| absent.map(how).unwrap_or_default();
    let english = en(name, origin, size) + &absence(Absent::how_en);
    let chinese = zh(name, origin, size) + &absence(Absent::how_zh);
    files.insert("README.en.txt".to_owned(), english.into_bytes());
    files.insert("README.zh-CN.txt".to_owned(), chinese.into_bytes());
}

fn en(name: &str, origin: &str, size: u64) -> String {
    format!(
        "EVIDENCE {name}

What this proves: each event in data/events.ndjson stands in the log {origin} at its sequence, among
the {size} events that data/checkpoint covers, exactly as it is here. What is changed in it later is found.
What it does not prove: that there are no other events (docket evidence absence makes a proof of that), and
that times are right: those are the server's, unless a witness signed data/checkpoint (docket verify --witness).

The key in data/keys.txt came with this bundle. Compare it with one that you got otherwise (the log's
operator publishes it at /v1/log/keys), or with a checkpoint that you held.

With Docket, offline:
  docket verify {name}.zip --key \"$(cat key-that-you-hold.txt)\"

Without Docket:
  1. sha256sum -c manifest-sha256.txt tagmanifest-sha256.txt   (nothing was damaged)
  2. data/checkpoint is a C2SP signed note: its lines before the empty one are signed with Ed25519.
  3. data/proofs/*.tlog-proof are C2SP proofs (RFC 9162, 2.1.3.2): any verifier of them will do. The leaf of an
     event is SHA-256 of a zero byte and its entry in data/leaves.ndjson; the last 64 bytes of an entry are the
     SHA-256 of the event's data and of its metadata as they stand in data/events.ndjson.
docs/verify-a-bundle.md of the source does these steps with sha256sum and openssl alone.

In data: status.json, timeline.json, obligations.json, exceptions.* and audit-trail.* (pages to read and print)
say what follows from the events, as of the day on which the last of them was recorded; measures/ and documents/ are what they cite, named by SHA-256.
"
    )
}

fn zh(name: &str, origin: &str, size: u64) -> String {
    format!(
        "证据包 {name}

本包所证明的：data/events.ndjson 中的每一事件均以其序号载于日志 {origin}，属于 data/checkpoint 所覆盖的 {size} 个事件，
内容与此处完全一致；事后改动即可发现。本包不能证明：没有其他事件（须另以 docket evidence absence 证明）；时间正确
（时间以服务器为准，但见证方已联署 data/checkpoint 的除外，见 docket verify --witness）。

data/keys.txt 中的密钥随本包附带。请与另行取得的密钥（日志运营者公布于 /v1/log/keys）或您留存的检查点核对。

使用 Docket（离线）：
  docket verify {name}.zip --key \"$(cat 您留存的密钥.txt)\"

不使用 Docket：
  1. sha256sum -c manifest-sha256.txt tagmanifest-sha256.txt   （文件未损坏）
  2. data/checkpoint 为 C2SP 签名文本：空行之前的各行以 Ed25519 签名。
  3. data/proofs/*.tlog-proof 为 C2SP 证明（RFC 9162 第 2.1.3.2 节），任何此类验证程序均可使用。事件的叶为零字节与
     data/leaves.ndjson 所载条目的 SHA-256；条目末 64 字节依次为 data/events.ndjson 中该事件 data 与 metadata 原文的 SHA-256。
源代码中的 docs/verify-a-bundle.md 仅用 sha256sum 与 openssl 完成上述步骤。

data 目录：status.json、timeline.json、obligations.json、exceptions.*、audit-trail.*（可阅读、打印的网页）为截至最后一个事件入档之日由这些事件得出的结论；measures/、documents/
为所引的办法版本与文件，以 SHA-256 命名。
"
    )
}
