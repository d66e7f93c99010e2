//! What an append, a retry, a deletion is answered.

use std::time::Duration;

use kurrentdb::StreamState::{NoStream, StreamRevision};
use kurrentdb::{
    AppendToStreamOptions, CurrentRevision, DeleteStreamOptions, Error, EventData, StreamMetadata,
    StreamState, TombstoneStreamOptions,
};
use uuid::Uuid;

use super::{
    append, begin, contents, event, events, in_all, on_each_server, on_each_server_of_the_line,
    read,
};

fn is_wrong(answer: Result<kurrentdb::WriteResult, Error>, actual: Option<u64>) -> bool {
    let actual = actual.map_or(CurrentRevision::NoStream, CurrentRevision::Current);
    matches!(answer, Err(Error::WrongExpectedVersion { current, .. }) if current == actual)
}

#[tokio::test]
async fn revisions_start_at_0_and_the_last_position_is_answered() {
    on_each_server(async |client, stream| {
        let written = begin(&client, &stream, [1, 2, 3]).await;
        assert_eq!(written.next_expected_version, 2);
        assert_eq!(written.position.commit, written.position.prepare);
        let all = in_all(&client, &stream).await;
        let positions: Vec<_> =
            all.iter().map(|event| event.get_original_event().position).collect();
        assert_eq!(positions.len(), 3);
        assert!(positions.is_sorted_by(|a, b| a < b), "{positions:?}");
        assert_eq!(positions[2], written.position);
    })
    .await;
}

#[tokio::test]
async fn a_wrong_expectation_is_told_the_actual_revision() {
    on_each_server(async |client, stream| {
        let answer = append(&client, &stream, StreamRevision(0), events([1])).await;
        assert!(is_wrong(answer, None));
        begin(&client, &stream, [1, 2]).await;
        for expected in [NoStream, StreamRevision(0), StreamRevision(2)] {
            let answer = append(&client, &stream, expected, events([9])).await;
            assert!(is_wrong(answer, Some(1)), "{expected:?}");
        }
        assert_eq!(contents(&client, &stream).await, [(0, 1), (1, 2)]);
    })
    .await;
}

#[tokio::test]
async fn a_retry_at_an_exact_revision_is_answered_as_the_first_time() {
    on_each_server(async |client, stream| {
        begin(&client, &stream, [1]).await;
        let first = append(&client, &stream, StreamRevision(0), events([2, 3])).await.unwrap();
        append(&client, &stream, StreamRevision(2), events([4])).await.unwrap();
        let again = append(&client, &stream, StreamRevision(0), events([2, 3])).await.unwrap();
        assert_eq!(again.next_expected_version, 2);
        assert_eq!(again.position, first.position);
        let prefix = append(&client, &stream, StreamRevision(0), events([2])).await.unwrap();
        assert_eq!(prefix.next_expected_version, 1);
        assert_eq!(contents(&client, &stream).await, [(0, 1), (1, 2), (2, 3), (3, 4)]);
    })
    .await;
}

#[tokio::test]
async fn a_longer_a_reordered_and_a_partial_retry_are_wrong() {
    on_each_server(async |client, stream| {
        begin(&client, &stream, [1, 2]).await;
        for ids in [vec![1, 2, 3], vec![2, 1], vec![2]] {
            let answer = append(&client, &stream, NoStream, events(ids.clone())).await;
            assert!(is_wrong(answer, Some(1)), "{ids:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_data_of_a_retry_is_not_compared() {
    on_each_server(async |client, stream| {
        append(&client, &stream, NoStream, vec![event(1, "old")]).await.unwrap();
        let other = append(&client, &stream, NoStream, vec![event(1, "new")]).await.unwrap();
        assert_eq!(other.next_expected_version, 0);
        let stored = read(&client, &stream).await.unwrap();
        assert_eq!(stored.len(), 1);
        assert_eq!(stored[0].get_original_event().data, "old");
    })
    .await;
}

#[tokio::test]
async fn an_id_is_not_unique() {
    on_each_server(async |client, stream| {
        begin(&client, &stream, [1, 1]).await;
        append(&client, &stream, StreamRevision(1), events([1])).await.unwrap();
        assert_eq!(contents(&client, &stream).await, [(0, 1), (1, 1), (2, 1)]);
        let other = format!("{stream}-other");
        begin(&client, &other, [1]).await;
        assert_eq!(contents(&client, &other).await, [(0, 1)]);
    })
    .await;
}

#[tokio::test]
async fn an_append_of_nothing_makes_no_stream() {
    on_each_server(async |client, stream| {
        let written = append(&client, &stream, NoStream, Vec::new()).await.unwrap();
        assert_eq!(written.next_expected_version, 0, "what the client makes of no revision");
        assert!(matches!(read(&client, &stream).await, Err(Error::ResourceNotFound)));
        begin(&client, &stream, [1, 2]).await;
        let answer = append(&client, &stream, StreamRevision(0), Vec::new()).await;
        assert!(is_wrong(answer, Some(1)));
    })
    .await;
}

#[tokio::test]
async fn after_a_soft_deletion_revisions_go_on() {
    on_each_server(async |client, stream| {
        begin(&client, &stream, [1, 2]).await;
        client.delete_stream(&*stream, &DeleteStreamOptions::default()).await.unwrap();
        assert!(matches!(read(&client, &stream).await, Err(Error::ResourceNotFound)));
        let written = begin(&client, &stream, [3]).await;
        assert_eq!(written.next_expected_version, 2);
        assert_eq!(contents(&client, &stream).await, [(2, 3)]);
        assert_eq!(in_all(&client, &stream).await.len(), 3, "it stays in $all");
    })
    .await;
}

#[tokio::test]
async fn after_a_tombstone_nothing_goes_on() {
    on_each_server(async |client, stream| {
        begin(&client, &stream, [1]).await;
        client.tombstone_stream(&*stream, &TombstoneStreamOptions::default()).await.unwrap();
        for expected in [NoStream, StreamRevision(0)] {
            let answer = append(&client, &stream, expected, events([2])).await;
            assert!(matches!(answer, Err(Error::ResourceDeleted)), "{answer:?}");
        }
        assert!(matches!(read(&client, &stream).await, Err(Error::ResourceDeleted)));
    })
    .await;
}

#[tokio::test]
async fn a_deadline_of_0_is_none() {
    on_each_server(async |client, stream| {
        let options = AppendToStreamOptions::default().stream_state(NoStream);
        let options = options.deadline(Duration::ZERO);
        let answer = client.append_to_stream(&*stream, &options, events([1])).await;
        assert!(answer.is_ok(), "{answer:?}");
        assert_eq!(contents(&client, &stream).await, [(0, 1)]);
    })
    .await;
}

#[tokio::test]
async fn a_soft_deletion_is_undone_by_empty_metadata_written_twice() {
    on_each_server(async |client, stream| {
        begin(&client, &stream, [1, 2]).await;
        client.delete_stream(&*stream, &DeleteStreamOptions::default()).await.unwrap();
        let (options, empty) = (AppendToStreamOptions::default(), StreamMetadata::default());
        let mut shown = Vec::new();
        for _ in 0..2 {
            client.set_stream_metadata(&*stream, &options, &empty).await.unwrap();
            shown.push(read(&client, &stream).await.map(|found| found.len()).unwrap_or_default());
        }
        assert_eq!(shown, [0, 2]);
    })
    .await;
}

/// From 24.10.4 to 25.0 the limit is one on data, metadata and type names.
#[tokio::test]
async fn some_versions_count_metadata_and_type_names() {
    for (version, is_taken) in [("24.10.3", true), ("24.10.4", false), ("25.0.1", false)] {
        let server = super::StandIn::start(super::Settings::default().version(Some(version)));
        let client = super::connect(&server.address());
        let kind = "t".repeat(100);
        let event = EventData::binary(kind, vec![7; (1 << 20) - 199].into());
        let answer = append(&client, "s", NoStream, vec![event]).await;
        assert_eq!(answer.is_ok(), is_taken, "{version}: {answer:?}");
    }
}

#[tokio::test]
async fn an_append_holds_a_mebibyte_of_data_and_any_metadata() {
    on_each_server_of_the_line(async |client, stream| {
        let data = |size: usize| EventData::binary("large", vec![7; size].into());
        let too_large = vec![data(1 << 19), data((1 << 19) + 1)];
        let answer = append(&client, &stream, NoStream, too_large).await;
        assert!(
            matches!(&answer, Err(Error::Grpc { code, .. }) if *code == tonic::Code::InvalidArgument),
            "{answer:?}"
        );
        assert!(matches!(read(&client, &stream).await, Err(Error::ResourceNotFound)));
        let metadata = "m".repeat(3 << 20);
        let event = data(1 << 20).metadata_as_json(&metadata).unwrap();
        append(&client, &stream, NoStream, vec![event]).await.unwrap();
        let stored = read(&client, &stream).await.unwrap();
        assert_eq!(stored[0].get_original_event().data.len(), 1 << 20);
    })
    .await;
}

#[tokio::test]
async fn a_message_over_16_mebibytes_is_refused() {
    on_each_server_of_the_line(async |client, stream| {
        let event = event(1, "x").metadata_as_json(&"m".repeat(17 << 20)).unwrap();
        let answer = append(&client, &stream, NoStream, vec![event]).await;
        let exhausted = tonic::Code::ResourceExhausted;
        assert!(
            matches!(&answer, Err(Error::Grpc { code, .. }) if *code == exhausted),
            "{answer:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn twenty_thousand_events_pass_in_one_append() {
    on_each_server(async |client, stream| {
        let many = (1..=20_000).map(|id| event(id, "twenty bytes of data")).collect();
        let written = append(&client, &stream, NoStream, many).await.unwrap();
        assert_eq!(written.next_expected_version, 19_999);
        assert_eq!(contents(&client, &stream).await.len(), 20_000);
    })
    .await;
}

#[tokio::test]
async fn long_names_and_reserved_types_are_not_refused() {
    on_each_server(async |client, stream| {
        let long = format!("{stream}{}", "n".repeat(2_000 - stream.len()));
        let kind = format!("${}", "t".repeat(4_999));
        let event = EventData::binary(kind.clone(), "x".into());
        append(&client, &long, NoStream, vec![event]).await.unwrap();
        let stored = read(&client, &long).await.unwrap();
        assert_eq!(stored[0].get_original_event().event_type, kind);
    })
    .await;
}

#[tokio::test]
async fn an_empty_name_and_an_empty_id_are_refused() {
    on_each_server(async |client, stream| {
        let unnamed = append(&client, "", NoStream, events([1])).await;
        assert!(matches!(unnamed, Err(Error::ServerError(_))), "{unnamed:?}");
        let nobody = vec![EventData::binary("happened", "x".into()).id(Uuid::nil())];
        let answer = append(&client, &stream, NoStream, nobody).await;
        assert!(matches!(answer, Err(Error::ServerError(_))), "{answer:?}");
    })
    .await;
}

#[tokio::test]
async fn bytes_come_back_as_they_were_sent() {
    on_each_server(async |client, stream| {
        let every: Vec<u8> = (0..=255).collect();
        let json = EventData::json("json", &serde_json::json!({ "b": 1, "a": "ä" })).unwrap();
        let json = json.metadata_as_json(&serde_json::json!([1, 2])).unwrap();
        let binary = EventData::binary("binary", every.clone().into());
        append(&client, &stream, NoStream, vec![json, binary]).await.unwrap();
        let stored = read(&client, &stream).await.unwrap();
        let [json, binary] = [0, 1].map(|at: usize| stored[at].get_original_event());
        assert_eq!((&json.data[..], json.is_json), (r#"{"a":"ä","b":1}"#.as_bytes(), true));
        assert_eq!(json.custom_metadata, "[1,2]");
        assert_eq!((&binary.data[..], binary.is_json), (&every[..], false));
        assert!(json.metadata["created"].parse::<u64>().unwrap() > 17_000_000_000_000_000);
    })
    .await;
}

/// What the server takes but must not be used: its retries are known only for a while.
#[tokio::test]
async fn the_stand_in_refuses_to_expect_anything() {
    let server = super::StandIn::start(super::Settings::default());
    let client = super::connect(&server.address());
    let answer = append(&client, "s", StreamState::Any, events([1])).await;
    assert!(
        matches!(&answer, Err(Error::Grpc { code, .. }) if *code == tonic::Code::InvalidArgument),
        "{answer:?}"
    );
}
