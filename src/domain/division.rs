//! The provincial-level divisions that the program documents address (P2).

/// GB/T 2260 codes of the 31 provinces, autonomous regions and municipalities of the mainland, in
/// the standard's order.
pub const PROVINCES: [&str; 31] = [
    "110000", "120000", "130000", "140000", "150000", "210000", "220000", "230000", "310000",
    "320000", "330000", "340000", "350000", "360000", "370000", "410000", "420000", "430000",
    "440000", "450000", "460000", "500000", "510000", "520000", "530000", "540000", "610000",
    "620000", "630000", "640000", "650000",
];

/// The Xinjiang Production and Construction Corps, which has no code of its own.
pub const CORPS: &str = "XPCC";

/// Whether an id is one of the 31 codes.
pub fn is_province(id: &str) -> bool {
    PROVINCES.contains(&id)
}
