//! The scan reads what `serde_json` reads as an object of strings, and refuses the rest.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// The members that are there and not empty, as `serde_json` reads them.
fn by_serde(metadata: &[u8]) -> Option<Vec<Option<String>>> {
    let all: BTreeMap<String, String> = serde_json::from_slice(metadata).ok()?;
    let value = |name: &&str| all.get(*name).filter(|value| !value.is_empty()).cloned();
    Some(NAMES.iter().map(value).collect())
}

/// The members by the scan; none where the bytes or one of the values are refused.
fn by_scan(metadata: &[u8]) -> Option<Vec<Option<String>>> {
    let members = Members::read(metadata).ok()?;
    let whole: Arc<str> = members.text().into();
    ALL.iter().map(|member| Some(members.value(*member, &whole).ok()?.map(String::from))).collect()
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => "[a-z0-9:|/@# .-]{0,40}",
        2 => "\\PC{0,12}",
        1 => any::<String>(),
        1 => Just("国知发管字〔2015〕59号".to_owned()),
    ]
}

/// A value as JSON: mostly a text, sometimes with every character escaped, or none.
fn written() -> impl Strategy<Value = String> {
    prop_oneof![
        12 => value().prop_map(|text| serde_json::to_string(&text).unwrap()),
        1 => value().prop_map(|text| {
            let units = text.encode_utf16().map(|unit| format!("\\u{unit:04x}"));
            format!("\"{}\"", units.collect::<String>())
        }),
        1 => prop_oneof![Just("null"), Just("1"), Just("{\"a\":[1]}"), Just("\"\\ud800\"")]
            .prop_map(str::to_owned),
    ]
}

fn object() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        20 => (0..NAMES.len()).prop_map(|member| NAMES[member].to_owned()),
        1 => Just("off\\u0069ce".to_owned()),
    ];
    (prop::collection::btree_map(name, written(), 0..14), any::<bool>()).prop_map(
        |(members, spaces)| {
            let colon = if spaces { " :\n" } else { ":" };
            let both = |map: &BTreeMap<String, String>| {
                map.contains_key("office") && map.contains_key("off\\u0069ce")
            };
            let twice = both(&members);
            let members = members.iter().filter(|(name, _)| !twice || *name != "office");
            let members = members.map(|(name, value)| format!("\"{name}\"{colon}{value}"));
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_scan_reads_as_serde_json_does(object in object()) {
        prop_assert_eq!(by_scan(object.as_bytes()), by_serde(object.as_bytes()));
    }

    /// A member twice is refused here, and taken by `serde_json`.
    #[test]
    fn what_is_malformed_is_refused(
        object in object(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
        cut in any::<Option<prop::sample::Index>>(),
    ) {
        let mut bytes = object.into_bytes();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        if let Some(read) = by_scan(&bytes) {
            // Of a member that nobody knows only the form is looked at.
            prop_assert!(serde_json::from_slice::<serde::de::IgnoredAny>(&bytes).is_ok());
            prop_assert!(by_serde(&bytes).is_none_or(|wanted| wanted == read));
        }
    }
}

#[test]
fn each_member_is_read_by_its_own_name_in_whatever_order() {
    let object: Vec<String> =
        NAMES.iter().map(|name| format!("\"{name}\":\"value of {name}\"")).collect();
    let wanted: Vec<_> = NAMES.iter().map(|name| Some(format!("value of {name}"))).collect();
    for order in [object.clone(), object.into_iter().rev().collect()] {
        assert_eq!(by_scan(format!("{{{}}}", order.join(",")).as_bytes()), Some(wanted.clone()));
    }
}

#[test]
fn members_are_found_as_they_are_escaped() {
    let metadata =
        r#" { "effective_on" : "2016-01-05","x":"y","article":"第\"9\"条\n","measure":"" } "#;
    let found = Members::read(metadata.as_bytes()).unwrap();
    assert_eq!(found.escaped(Member::EffectiveOn), Some("2016-01-05"));
    assert_eq!(found.escaped(Member::Article), Some(r#"第\"9\"条\n"#));
    assert_eq!((found.escaped(Member::Measure), found.escaped(Member::Role)), (None, None));
    let whole: Arc<str> = metadata.into();
    let article = found.value(Member::Article, &whole).unwrap().unwrap();
    assert_eq!(article, "第\"9\"条\n");
}

#[test]
fn what_is_no_flat_object_of_strings_is_refused_with_its_place() {
    for (bad, at) in [
        ("", 0),
        ("[]", 0),
        ("{", 1),
        ("{\"a\":1}", 5),
        ("{\"a\":\"b\"", 8),
        ("{\"a\":\"b\",}", 9),
        ("{\"a\":{}}", 5),
        ("{\"a\":\"b\nc\"}", 7),
        ("{\"a\":\"\\x\"}", 6),
        ("{\"a\":\"\\u12\"}", 6),
        ("{\"a\":\"b\"} x", 10),
        ("{\"role\":\"\",\"role\":\"b\"}", 21),
    ] {
        assert_eq!(Members::read(bad.as_bytes()).unwrap_err(), NotFlat { at }, "{bad}");
    }
    assert!(Members::read(b"{\"a\":\"\xff\"}").is_err());
}
