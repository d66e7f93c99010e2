//! What proves that an event is in the log, and who checked it: this server, the reader's browser, or the
//! reader, offline. Whoever believes nobody takes the file, and a key from elsewhere.

use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::Settings;
use super::asking::{Failure, Made, Page};
use super::frame::{Head, framed};
use super::json::{flag, list, number, sequence, text, text_if, texts};
use super::links::encoded;
use crate::codec::sha256_hex;
use crate::verify::tree::{Hash, includes};
use crate::views::inside::{Inside, Reply};
use crate::views::media::{JSON, TEXT};

/// Longer bytes are not put on a page; the check then begins from their digest, and the page says so.
const LONGEST: usize = 24 * 1024;

/// An event's bytes, as they were hashed.
#[derive(Deserialize)]
struct Stored<'a> {
    #[serde(borrow)]
    data: &'a RawValue,
    #[serde(borrow)]
    metadata: &'a RawValue,
}

/// The page.
///
/// # Errors
/// What stands in the way.
pub async fn page(page: &Page) -> Made {
    let named = encoded(&page.path("sequence"));
    let reply = page.asked(&format!("/v1/events/{named}"), JSON).await?;
    let event: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    let stored = serde_json::from_slice::<Stored<'_>>(&reply.body).ok();
    let bytes = |raw: Option<&RawValue>, digest: &str| {
        let raw = raw.map(RawValue::get).filter(|raw| raw.len() <= LONGEST);
        raw.filter(|raw| sha256_hex(raw.as_bytes()) == text(&event, digest))
            .map(|raw| STANDARD.encode(raw))
    };
    let data = bytes(stored.as_ref().map(|stored| stored.data), "data_sha256");
    let metadata = bytes(stored.as_ref().map(|stored| stored.metadata), "metadata_sha256");
    let proof = page.get_at(&format!("/v1/log/proofs/inclusion/{named}")).await?;
    let keys = page.get_at("/v1/log/keys").await?;
    let key = signing(&keys, number(&proof, "tree_size"));
    let of = sequence(text(&event, "sequence"));
    let title = format!("{} #{of}", page.say("Proof of event", "事件证明"));
    let body = html! {
        p.crumbs { a href=(page.times.link(&format!("/console/log/{of}"), &[])) { "#" (of) " " (text(&event, "type")) } }
        h1 { (title) }
        p.lead { (page.say("Leaf ", "第")) (of) (page.say(" of a tree over the first ", "片树叶，树含前")) (number(&proof, "tree_size"))
            (page.say(" events; its root is signed.", "个事件，其根已签名。")) }
        section #proof data-data=[data.as_deref()] data-metadata=[metadata.as_deref()]
            data-data-sha256=(text(&event, "data_sha256")) data-metadata-sha256=(text(&event, "metadata_sha256"))
            data-stream=(text(&event, "stream")) data-revision=(number(&event, "revision")) data-event=(text(&event, "id"))
            data-type=(text(&event, "type")) data-recorded-at=(text(&event, "recorded_at")) data-leaf=(text(&proof, "leaf_hash"))
            data-index=(of) data-path=(texts(&proof, "hashes").join(" ")) data-checkpoint=(text(&proof, "checkpoint")) data-key=(key) {
            (parts(page, &event, &proof, data.is_none() || metadata.is_none()))
        }
        section { h2 { (page.say("Checked by", "由谁核验")) } (checked(page, &proof, of, key)) }
        script src=(page.settings.proof_script) defer {}
    };
    let head = Head {
        title,
        part: "log",
        exercise: flag(&event, "exercise"),
        shows: Some(format!("/v1/log/proofs/inclusion/{of}")),
    };
    framed(page, head, &body).await
}

/// The key that signs a tree of this size.
fn signing(keys: &Value, size: i64) -> &str {
    let covers = |key: &&Value| {
        let since = sequence(text(key, "since")).parse::<i64>();
        since.is_ok_and(|since| since < size)
    };
    list(keys, "items").iter().rfind(covers).map_or("", |key| text(key, "key"))
}

fn parts(page: &Page, event: &Value, proof: &Value, from_digests: bool) -> Markup {
    let root = text(proof, "checkpoint").lines().nth(2).unwrap_or_default();
    html! {
        h2 { (page.say("From the bytes to the root", "自字节至树根")) }
        dl.pairs {
            dt { (page.say("Data, SHA-256", "数据 SHA-256")) } dd { code { (text(event, "data_sha256")) } }
            dt { (page.say("Metadata, SHA-256", "元数据 SHA-256")) } dd { code { (text(event, "metadata_sha256")) } }
            dt { (page.say("Stream, revision", "流与修订号")) } dd { code { (text(event, "stream")) "@" (number(event, "revision")) } }
            dt { (page.say("Event id, type, recorded at", "事件标识、类型、入档时间")) } dd { code { (text(event, "id")) } " " (text(event, "type")) " " (text(event, "recorded_at")) }
            dt { (page.say("Leaf", "树叶")) } dd { code { (text(proof, "leaf_hash")) } }
            dt { (page.say("Path, from the leaf up", "路径（自叶而上）")) } dd { ol.path { @for hash in texts(proof, "hashes") { li { code { (hash) } } } } }
            dt { (page.say("Root of ", "树根（")) (number(proof, "tree_size")) (page.say(" leaves", "叶）")) } dd { code { (root) } }
        }
        @if from_digests { p { (page.say(
            "The bytes are too long for this page: a check in the browser begins from their digests.",
            "字节过长，未列入本页：浏览器内的核验自其摘要开始。"
        )) } }
        h3 { (page.say("The signed checkpoint", "已签名的检查点")) }
        pre { code { (text(proof, "checkpoint")) } }
    }
}

fn checked(page: &Page, proof: &Value, of: &str, key: &str) -> Markup {
    let file = page.times.link(&format!("/console/log/{of}/proof/file"), &[]);
    html! { dl.checked {
        dt { (page.say("This server", "本服务器")) }
        dd { @if adds_up(proof, of) { "✓ " (page.say(
            "Leaf and path give the root. That is the word of who made the proof.", "由树叶与路径可得树根。此为出具证明者自己的说法。"
        )) } @else { strong.alarm { (page.say("Leaf and path do not give the root.", "由树叶与路径不能得出树根。")) } } }
        dt { (page.say("Your browser", "您的浏览器")) }
        dd {
            p #browser role="status"
                data-good=(page.say("✓ Checked in your browser: bytes, leaf, path, root, and the signature by the key that this server names.", "✓ 已在您的浏览器中核验：字节、树叶、路径、树根，以及本服务器所载密钥的签名。"))
                data-held=(page.say("✓ Checked in your browser: bytes, leaf, path, root, and the signature by the key that you hold.", "✓ 已在您的浏览器中核验：字节、树叶、路径、树根，以及您所持密钥的签名。"))
                data-unsigned=(page.say("Bytes, leaf, path and root are checked. Not the signature: this browser has no Ed25519.", "字节、树叶、路径、树根已核验；签名未核验：此浏览器不支持 Ed25519。"))
                data-without=(page.say("Not checked: this browser hashes only on an encrypted connection or on this machine.", "未核验：浏览器仅在加密连接或本机上提供散列功能。"))
                data-bytes=(page.say("The bytes of the event do not have the digest that is shown.", "事件字节与所示摘要不符。"))
                data-leafed=(page.say("The event does not give the leaf.", "由该事件不能得出树叶。"))
                data-rooted=(page.say("Leaf and path do not give the root that is signed.", "由树叶与路径不能得出所签树根。"))
                data-key=(page.say("This is no key of a log, such as name+1a2b3c4d+A…", "此非日志密钥（形如 name+1a2b3c4d+A…）。"))
                data-signed=(page.say("The checkpoint is not signed by this key.", "检查点并非由该密钥签署。"))
                { (page.say("Not checked: without a script a browser can't. The way below needs none.", "未核验：无脚本时浏览器不能核验。下列方式无需脚本。")) }
            p hidden { label for="held-key" { (page.say("A key of the log that you hold from elsewhere", "您另行持有的日志密钥")) } " " input #held-key size="60" autocomplete="off" spellcheck="false"; }
        }
        dt { (page.say("You, offline", "您本人（离线）")) }
        dd {
            p { a href=(file) { (page.say("The proof as a file", "下载证明文件")) } " (C2SP tlog-proof)" }
            pre { code { "docket verify docket-" (of) ".tlog-proof --key '" (key) "'" } }
            p.quiet { (page.say("Better with a key that you have from elsewhere than from this page.", "密钥宜取自本页以外的来源。")) }
        }
    } }
}

/// Whether leaf and path give the root of the checkpoint.
fn adds_up(proof: &Value, of: &str) -> bool {
    let hash = |text: &str| STANDARD.decode(text).ok().and_then(|bytes| Hash::try_from(bytes).ok());
    let holds = || {
        let root = hash(text(proof, "checkpoint").lines().nth(2)?)?;
        let path = texts(proof, "hashes").into_iter().map(hash).collect::<Option<Vec<_>>>()?;
        let size = u64::try_from(number(proof, "tree_size")).ok()?;
        let leaf = hash(text_if(proof, "leaf_hash")?)?;
        Some(includes(of.parse().ok()?, size, leaf, &path, &root))
    };
    holds().unwrap_or_default()
}

/// The proof as a file.
pub async fn file(
    http: HttpRequest,
    settings: web::Data<Settings>,
    inside: web::Data<Inside>,
) -> HttpResponse {
    let page = Page::of(http, settings, inside);
    match of_event(&page).await {
        Ok((of, proof)) => proof.attached(&format!("docket-{of}.tlog-proof")),
        Err(failure) => page.answer(Err(failure)).await,
    }
}

async fn of_event(page: &Page) -> Result<(String, Reply), Failure> {
    let named = encoded(&page.path("sequence"));
    let event = page.get_at(&format!("/v1/events/{named}")).await?;
    let proof = page.asked(&format!("/v1/log/proofs/inclusion/{named}"), TEXT).await?;
    Ok((sequence(text(&event, "sequence")).to_owned(), proof))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use sha2::{Digest as _, Sha256};

    use super::*;

    #[test]
    fn a_proof_adds_up_to_the_root_of_its_checkpoint_alone() {
        let leaf = |n: u8| Sha256::digest([0, n]);
        let root = Sha256::digest([&[1], &leaf(0)[..], &leaf(1)[..]].concat());
        let proof = |hashes: &[&[u8]]| {
            json!({
                "checkpoint": format!("docket\n2\n{}\n", STANDARD.encode(root)),
                "leaf_hash": STANDARD.encode(leaf(0)),
                "tree_size": 2,
                "hashes": hashes.iter().map(|hash| STANDARD.encode(hash)).collect::<Vec<_>>(),
            })
        };
        assert!(adds_up(&proof(&[&leaf(1)]), "0"));
        assert!(!adds_up(&proof(&[&leaf(1)]), "1"));
        assert!(!adds_up(&proof(&[&leaf(2)]), "0"));
        assert!(!adds_up(&proof(&[]), "0"), "a path that ends too soon");
        assert!(!adds_up(&proof(&[&leaf(1)[..31]]), "0"), "a hash that is none");
    }
}
