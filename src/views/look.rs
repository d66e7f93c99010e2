//! How every page looks: one style sheet, which this server gives and nothing else does.

use std::sync::OnceLock;

use crate::codec::sha256_hex;

/// The style sheet.
pub const STYLE: &str = include_str!("../console/style.css");

/// Its address, with the digest of its content, so that it can be kept for ever.
pub fn style_address() -> &'static str {
    static ADDRESS: OnceLock<String> = OnceLock::new();
    ADDRESS.get_or_init(|| format!("/console/style.css?{}", &sha256_hex(STYLE.as_bytes())[..16]))
}
