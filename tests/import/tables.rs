//! Tables as spreadsheets save them: encodings, headers, dates, cells that are none.

use encoding_rs::GB18030;
use serde_json::json;

use super::{How, area, empty, head, import, ndjson, note, written};

const TABLE: &str = "program,subject,act,effective_on,text,document.number,document.title\r\n\
    exercise_cluster_area,one,note,2016/9/1,\"挂牌，有“引号”\",〔2016〕7号,批复\r\n\
    exercise_cluster_area,one,note,二〇一六年九月,次日,,\r\n";

fn utf_16(text: &str, big: bool, mark: bool) -> Vec<u8> {
    let mark = if mark { "\u{feff}" } else { "" };
    let units = mark.encode_utf16().chain(text.encode_utf16());
    units.flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
}

/// What a table says is what the same lines of JSON say, under the same keys.
#[tokio::test]
async fn a_table_in_any_encoding_is_the_same_lines() {
    let first = json!({
        "program": "exercise_cluster_area", "subject": "one", "act": "note",
        "effective_on": "2016-09-01", "text": "挂牌，有“引号”",
        "document": {"number": "〔2016〕7号", "title": "批复"},
    });
    let mut second = note("one", "次日");
    second["effective_on"] = json!("2016-09");
    let world = empty().await;
    let lines = ndjson(&[area("one"), first, second]);
    assert_eq!(import(&world, &lines, How::Whole).await.0.recorded, 3);
    let before = head(&world).await;
    let semicolons = TABLE.replace(',', ";");
    let saved: [Vec<u8>; 9] = [
        TABLE.into(),
        format!("\u{feff}{TABLE}").into(),
        GB18030.encode(TABLE).0.into_owned(),
        utf_16(TABLE, false, true),
        utf_16(TABLE, true, true),
        utf_16(TABLE, false, false),
        utf_16(&TABLE.replace(',', "\t"), false, true),
        semicolons.into(),
        TABLE.replace("\r\n", "\n").replace("title\n", "title,,\n").into(),
    ];
    for (number, bytes) in saved.into_iter().enumerate() {
        let (outcome, bad) = import(&world, &written("lines.csv", bytes), How::Whole).await;
        assert_eq!(bad, [], "{number}");
        assert_eq!((outcome.lines, outcome.on_record, outcome.recorded), (2, 2, 0), "{number}");
    }
    assert_eq!(head(&world).await, before);
}

/// A file, the places that are named, a part of the first reason.
type Case<'a> = (Vec<u8>, &'a [(u64, Option<&'a str>)], &'a str);

#[tokio::test]
async fn what_a_table_says_wrongly_is_named_by_row_and_column() {
    let world = empty().await;
    let good = "exercise_cluster_area,one,note,2016-09-01,x";
    let header = "program,subject,act,effective_on,text";
    let in_utf_8 = good.replace(",x", ",园区正式揭牌");
    let in_gb = GB18030.encode(&in_utf_8).0.into_owned();
    let cases: [Case<'_>; 10] = [
        (
            format!("{header}\n{good}\n\"not closed,{good}\n{good}").into(),
            &[(3, None)],
            "quotation mark",
        ),
        (
            format!("{header}\n{good}\n\n{}", good.replace("2016-09-01", "42614")).into(),
            &[(4, Some("effective_on"))],
            "2016-09-01",
        ),
        (
            format!("{header}\n{}", good.replace("2016-09-01", "1/9/2016")).into(),
            &[(2, Some("effective_on"))],
            "1/9/2016",
        ),
        (
            format!("program,,,effective_on\n{good}").into(),
            &[(1, Some("2")), (1, Some("3"))],
            "merged",
        ),
        (format!("{header},color\n{good},red").into(), &[(1, Some("color"))], "no column"),
        (format!("{header}\n{good},more").into(), &[(2, None)], "beyond"),
        (
            [format!("{header}\n{good}").as_bytes(), b"\xff\xff\x80"].concat(),
            &[(2, Some("text"))],
            "UTF-8",
        ),
        // Two halves of a file put together: neither is read as the other's encoding.
        (
            [format!("{header}\n{in_utf_8}\n").as_bytes(), &in_gb].concat(),
            &[(3, Some("text"))],
            "UTF-8",
        ),
        (
            [format!("{header}\n").as_bytes(), &in_gb, b"\n", in_utf_8.as_bytes()].concat(),
            &[(2, Some("text"))],
            "UTF-8",
        ),
        (
            format!("{header}\nexercise_cluster_area,one,note,2016,\"{}", "y".repeat(3 << 20))
                .into(),
            &[(2, None)],
            "quotation mark",
        ),
    ];
    let lines = ndjson(&[area("one")]);
    import(&world, &lines, How::Whole).await;
    let before = head(&world).await;
    for (bytes, places, reason) in cases {
        let (outcome, bad) = import(&world, &written("lines.csv", bytes), How::Whole).await;
        let found: Vec<_> = bad.iter().map(|bad| (bad.line, bad.column.as_deref())).collect();
        assert_eq!(found, places, "{bad:?}");
        assert!(bad[0].reason.contains(reason), "{bad:?}");
        assert!(!outcome.is_recorded);
    }
    assert_eq!(head(&world).await, before);
}

/// A workbook as it is kept under `tests/import`.
fn workbook(bytes: &'static [u8]) -> super::Written {
    written("lines.xlsx", bytes)
}

#[tokio::test]
async fn a_workbook_is_the_same_lines_and_its_cells_are_named() {
    let world = empty().await;
    import(&world, &ndjson(&[area("one")]), How::Whole).await;
    let (from_csv, bad) = import(&world, &written("lines.csv", TABLE), How::Whole).await;
    assert_eq!((bad, from_csv.recorded), (vec![], 2));
    let before = head(&world).await;
    let list = workbook(include_bytes!("list.xlsx"));
    let (outcome, bad) = import(&world, &list, How::Whole).await;
    assert_eq!((bad, outcome.lines, outcome.on_record), (vec![], 2, 2));

    let bad_cells = workbook(include_bytes!("bad.xlsx"));
    let (_, bad) = import(&world, &bad_cells, How::Whole).await;
    let places: Vec<_> = bad.iter().map(|bad| (bad.line, bad.column.as_deref())).collect();
    let day = Some("effective_on");
    assert_eq!(places, [(2, day), (3, Some("text")), (4, day)], "{bad:?}");
    assert!(bad[0].reason.contains("2016-09-01") && bad[1].reason.contains("#REF!"), "{bad:?}");

    let merged = workbook(include_bytes!("merged.xlsx"));
    let (_, bad) = import(&world, &merged, How::Whole).await;
    assert_eq!((bad.len(), bad[0].line, bad[0].column.as_deref()), (1, 1, Some("3")));
    assert_eq!(head(&world).await, before);
}
