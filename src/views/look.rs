//! How every page looks: one style sheet, which this server gives and nothing else does.

use std::sync::OnceLock;

use crate::codec::sha256_hex;

/// What pages load: where it is, what it is, and its media type.
#[derive(Debug, Clone, Copy)]
pub struct Loaded {
    /// Its path.
    pub path: &'static str,
    /// Its text.
    pub content: &'static str,
    /// Its media type.
    pub media: &'static str,
}

impl Loaded {
    /// Its address, with the digest of its content, so that it can be kept for ever.
    pub fn address(&self) -> String {
        format!("{}?{}", self.path, &sha256_hex(self.content.as_bytes())[..16])
    }
}

/// The style sheet.
pub const STYLE: Loaded = Loaded {
    path: "/console/style.css",
    content: include_str!("../console/style.css"),
    media: "text/css",
};

/// The style sheet's [`Loaded::address`].
pub fn style_address() -> &'static str {
    static ADDRESS: OnceLock<String> = OnceLock::new();
    ADDRESS.get_or_init(|| STYLE.address())
}
