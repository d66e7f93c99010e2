//! What a bundle says of itself: what it proves, and how that is verified with and without Docket.

use crate::ledger::Signed;
use crate::ledger::bag::Files;

/// Adds the file in both languages.
pub fn add(name: &str, checkpoint: &Signed, files: &mut Files) {
    let (origin, size) = (&checkpoint.origin, checkpoint.size);
    files.insert("README.en.txt".to_owned(), en(name, origin, size).into_bytes());
    files.insert("README.zh-CN.txt".to_owned(), zh(name, origin, size).into_bytes());
}

fn en(name: &str, origin: &str, size: u64) -> String {
    format!(
        "EVIDENCE {name}

What this proves: each event in data/events.ndjson stands in the log {origin} at its sequence, among
the {size} events that data/checkpoint covers, exactly as it is here. What is changed in it later is found.
What it does not prove: that there are no other events, and that times are right; those are the server's.

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

In data: status.json, timeline.json and audit-trail.* say what follows from the events, as of the day on
which the last of them was recorded; measures/ and documents/ are what they cite, named by SHA-256.
"
    )
}

fn zh(name: &str, origin: &str, size: u64) -> String {
    format!(
        "证据包 {name}

本包所证明的：data/events.ndjson 中的每一事件均以其序号载于日志 {origin}，属于 data/checkpoint 所覆盖的 {size} 个事件，
内容与此处完全一致；事后改动即可发现。本包不能证明：没有其他事件；时间正确（时间以服务器为准）。

data/keys.txt 中的密钥随本包附带。请与另行取得的密钥（日志运营者公布于 /v1/log/keys）或您留存的检查点核对。

使用 Docket（离线）：
  docket verify {name}.zip --key \"$(cat 您留存的密钥.txt)\"

不使用 Docket：
  1. sha256sum -c manifest-sha256.txt tagmanifest-sha256.txt   （文件未损坏）
  2. data/checkpoint 为 C2SP 签名文本：空行之前的各行以 Ed25519 签名。
  3. data/proofs/*.tlog-proof 为 C2SP 证明（RFC 9162 第 2.1.3.2 节），任何此类验证程序均可使用。事件的叶为零字节与
     data/leaves.ndjson 所载条目的 SHA-256；条目末 64 字节依次为 data/events.ndjson 中该事件 data 与 metadata 原文的 SHA-256。
源代码中的 docs/verify-a-bundle.md 仅用 sha256sum 与 openssl 完成上述步骤。

data 目录：status.json、timeline.json、audit-trail.* 为截至最后一个事件入档之日由这些事件得出的结论；measures/、documents/
为所引的办法版本与文件，以 SHA-256 命名。
"
    )
}
