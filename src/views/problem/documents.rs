//! What a failure of the documents is over HTTP.

use super::{Code, Problem};
use crate::app::documents::{DocumentError, Obstacle};

impl From<DocumentError> for Problem {
    fn from(error: DocumentError) -> Problem {
        let text = error.to_string();
        match error {
            DocumentError::Mismatch { claimed, computed } => Problem::new(Code::DigestMismatch)
                .detail(text)
                .member("claimed", claimed.to_string())
                .member("computed", computed.to_string()),
            DocumentError::TooLarge { limit_bytes } => {
                Problem::new(Code::PayloadTooLarge).detail(text).member("limit_bytes", limit_bytes)
            }
            DocumentError::BrokenOff(_) => Problem::new(Code::MalformedRequest).detail(text),
            DocumentError::NotFound(_) => Problem::new(Code::NotFound).detail(text),
            // Nothing was kept and space may be made, so sending again can help.
            DocumentError::StorageFull(_) => {
                let (why_en, why_zh) = reason(Obstacle::Full);
                Problem::new(Code::DocumentsUnavailable)
                    .detail(format!("the document can't be kept: {why_en}"))
                    .detail_zh(format!("无法保存文件：{why_zh}"))
                    .cause(text)
            }
            DocumentError::Unreachable { store, obstacle, .. } => {
                // A folder's path is nobody's business; a bucket is named so that its keeper is found.
                let (en, zh) = match obstacle {
                    Obstacle::FolderGone | Obstacle::Full => {
                        ("the documents folder".to_owned(), "文件目录".to_owned())
                    }
                    _ => (format!("the document store {store}"), format!("文件库 {store} ")),
                };
                let (why_en, why_zh) = reason(obstacle);
                Problem::new(Code::DocumentsUnavailable)
                    .detail(format!("{en} can't be reached: {why_en}"))
                    .detail_zh(format!("无法访问{zh}：{why_zh}"))
                    .cause(text)
            }
            DocumentError::Damaged(digest) => Problem::new(Code::DocumentDamaged)
                .detail(format!("what is kept of {digest} no longer has that digest"))
                .detail_zh(format!("所存内容与摘要 {digest} 不符"))
                .member("digest", digest.to_string())
                .cause(text),
            DocumentError::Io { .. } => Problem::internal(text),
        }
    }
}

/// Why, as far as a client may know: the store's own words are only logged.
fn reason(obstacle: Obstacle) -> (&'static str, &'static str) {
    match obstacle {
        Obstacle::NoConnection => ("there is no connection to it", "无法建立连接"),
        Obstacle::NoAnswer => ("it does not answer in time", "未在规定时间内答复"),
        Obstacle::Failing => ("it answers that it can't serve now", "答复称暂时无法提供服务"),
        Obstacle::Refused => ("it does not let this server in", "拒绝本服务器访问"),
        Obstacle::NoBucket => ("its bucket is gone", "存储桶不存在"),
        Obstacle::NotAStore => ("what answers there is no such store", "该地址上的服务不是文件库"),
        Obstacle::Full => ("no space is left where documents are kept", "存放文件的空间已满"),
        Obstacle::FolderGone => ("it is gone, perhaps unmounted", "目录不存在，可能已被卸载"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::documents::Digest;

    fn unreachable(obstacle: Obstacle) -> DocumentError {
        let (store, reason) = ("s3://bucket/docs".to_owned(), "403 for key AKIA".to_owned());
        DocumentError::Unreachable { store, obstacle, reason }
    }

    #[test]
    fn each_failure_has_its_status() {
        let (one, two) = (Digest::of(b"1"), Digest::of(b"2"));
        let source = std::io::Error::other("x");
        for (error, status) in [
            (DocumentError::Mismatch { claimed: one, computed: two }, 422),
            (DocumentError::TooLarge { limit_bytes: 7 }, 413),
            (DocumentError::BrokenOff("gone".to_owned()), 400),
            (DocumentError::NotFound(one), 404),
            (DocumentError::StorageFull("docs".into()), 503),
            (unreachable(Obstacle::NoAnswer), 503),
            (unreachable(Obstacle::Refused), 503),
            (DocumentError::Damaged(one), 500),
            (DocumentError::Io { doing: "read", path: "docs".into(), source }, 500),
        ] {
            let text = error.to_string();
            assert_eq!(Problem::from(error).status().as_u16(), status, "{text}");
        }
    }
}
