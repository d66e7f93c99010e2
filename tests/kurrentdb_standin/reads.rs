//! What a read of one stream and of all is answered.

use kurrentdb::StreamState::StreamRevision;
use kurrentdb::{
    AppendToStreamOptions, Error, Position, ReadAllOptions, ReadEvent, ReadStreamOptions,
    ResolvedEvent, StreamMetadata, StreamPosition, SubscribeToAllOptions, SubscriptionEvent,
};

use super::{Settings, StandIn};
use super::{append, begin, collect, connect, contents, events, in_all, on_each_server, read};

fn revisions(events: &[ResolvedEvent]) -> Vec<u64> {
    events.iter().map(|event| event.get_original_event().revision).collect()
}

fn position(event: &ResolvedEvent) -> Position {
    event.get_original_event().position
}

#[tokio::test]
async fn a_missing_stream_is_told_at_the_first_event() {
    on_each_server(async |client, stream| {
        let mut read = client.read_stream(&*stream, &ReadStreamOptions::default()).await.unwrap();
        assert!(matches!(read.next().await, Err(Error::ResourceNotFound)));
    })
    .await;
}

#[tokio::test]
async fn a_stream_is_read_both_ways_from_anywhere() {
    on_each_server(async |client, stream| {
        begin(&client, &stream, 1..=700).await;
        let some = async |options: ReadStreamOptions| {
            revisions(
                &collect(client.read_stream(&*stream, &options).await.unwrap()).await.unwrap(),
            )
        };
        let forwards = ReadStreamOptions::default();
        let all: Vec<u64> = (0..700).collect();
        assert_eq!(some(forwards.clone()).await, all);
        let from = forwards.clone().position(StreamPosition::Position(600)).max_count(50);
        assert_eq!(some(from).await, all[600..650]);
        let past = forwards.position(StreamPosition::Position(700));
        assert!(some(past).await.is_empty());
        let backwards = ReadStreamOptions::default().backwards();
        let last = backwards.clone().position(StreamPosition::End).max_count(1);
        assert_eq!(some(last).await, [699]);
        let from = backwards.position(StreamPosition::Position(2));
        assert_eq!(some(from).await, [2, 1, 0]);
    })
    .await;
}

#[tokio::test]
async fn all_is_in_one_order_with_system_events_among_ours() {
    on_each_server(async |client, stream| {
        let others = format!("{stream}-b");
        begin(&client, &stream, [1]).await;
        begin(&client, &others, [2]).await;
        let (options, metadata) = (AppendToStreamOptions::default(), StreamMetadata::default());
        client.set_stream_metadata(&*stream, &options, &metadata).await.unwrap();
        append(&client, &stream, StreamRevision(0), events([3])).await.unwrap();
        let options = ReadAllOptions::default().backwards().position(StreamPosition::End);
        let options = options.max_count(1_000);
        let mut all = collect(client.read_all(&options).await.unwrap()).await.unwrap();
        all.reverse();
        let positions: Vec<_> = all.iter().map(position).collect();
        assert!(positions.is_sorted_by(|a, b| a < b), "not strictly rising");
        let metadata = format!("$${stream}");
        assert!(all.iter().any(|event| event.get_original_stream_id() == metadata));
        let ours = all.iter().filter(|event| event.get_original_stream_id().starts_with(&stream));
        let ids: Vec<_> = ours.map(|event| event.get_original_event().id.as_u128()).collect();
        assert_eq!(ids, [1, 2, 3]);
    })
    .await;
}

#[tokio::test]
async fn a_read_forwards_includes_its_position_and_one_backwards_does_not() {
    on_each_server(async |client, stream| {
        begin(&client, &stream, [1, 2, 3]).await;
        let all = in_all(&client, &stream).await;
        let middle = position(&all[1]);
        let from = |options: ReadAllOptions| options.position(StreamPosition::Position(middle));
        let options = from(ReadAllOptions::default()).max_count(2);
        let read = collect(client.read_all(&options).await.unwrap()).await.unwrap();
        assert_eq!(revisions(&read), [1, 2]);
        let options = from(ReadAllOptions::default().backwards()).max_count(1);
        let read = collect(client.read_all(&options).await.unwrap()).await.unwrap();
        assert_eq!(revisions(&read), [0]);
    })
    .await;
}

#[tokio::test]
async fn a_read_of_one_stream_tells_where_its_events_stand() {
    on_each_server(async |client, stream| {
        begin(&client, &stream, [1, 2]).await;
        let stored = read(&client, &stream).await.unwrap();
        let all = in_all(&client, &stream).await;
        assert_eq!(
            stored.iter().map(position).collect::<Vec<_>>(),
            all.iter().map(position).collect::<Vec<_>>()
        );
    })
    .await;
}

#[tokio::test]
async fn a_read_of_one_stream_tells_its_last_revision_at_the_end() {
    on_each_server(async |client, stream| {
        begin(&client, &stream, [1, 2, 3]).await;
        let mut read = client.read_stream(&*stream, &ReadStreamOptions::default()).await.unwrap();
        let mut last = None;
        while let Some(next) = read.next_read_event().await.unwrap() {
            if let ReadEvent::LastStreamPosition(revision) = next {
                last = Some(revision);
            }
        }
        assert_eq!(last, Some(2));
    })
    .await;
}

#[tokio::test]
async fn metadata_hides_from_the_stream_and_not_from_all() {
    on_each_server(async |client, stream| {
        for (end, metadata, shown) in [
            ("count", StreamMetadata::builder().max_count(1).build(), vec![(2, 3)]),
            ("before", StreamMetadata::builder().truncate_before(1).build(), vec![(1, 2), (2, 3)]),
        ] {
            let stream = format!("{stream}-{end}");
            begin(&client, &stream, [1, 2, 3]).await;
            let options = AppendToStreamOptions::default();
            client.set_stream_metadata(&*stream, &options, &metadata).await.unwrap();
            assert_eq!(contents(&client, &stream).await, shown);
            assert_eq!(in_all(&client, &stream).await.len(), 3);
            let told = in_all(&client, &format!("$${stream}")).await;
            assert_eq!(told.len(), 1);
            assert_eq!(told[0].get_original_event().event_type, "$metadata");
        }
    })
    .await;
}

#[tokio::test]
async fn a_scavenge_takes_away_what_is_hidden() {
    let server = StandIn::start(Settings::default());
    let client = connect(&server.address());
    begin(&client, "cut", [1, 2, 3]).await;
    begin(&client, "gone", [4, 5]).await;
    begin(&client, "aged", [6, 7]).await;
    let control = server.control();
    control.set_stream_metadata("cut", &serde_json::json!({ "$tb": 1 }));
    control.set_stream_metadata("aged", &serde_json::json!({ "$maxAge": 0 }));
    let deleted = kurrentdb::DeleteStreamOptions::default();
    client.delete_stream("gone", &deleted).await.unwrap();
    assert_eq!(read(&client, "aged").await.unwrap().len(), 0);
    control.scavenge();
    assert_eq!(revisions(&in_all(&client, "cut").await), [1, 2]);
    assert_eq!(revisions(&in_all(&client, "gone").await), [1], "the last one of a stream stays");
    assert_eq!(revisions(&in_all(&client, "aged").await), [1]);
    let answer = append(&client, "cut", kurrentdb::StreamState::NoStream, events([1])).await;
    assert!(
        matches!(answer, Err(Error::WrongExpectedVersion { .. })),
        "what was taken away is no longer known: {answer:?}"
    );
}

#[tokio::test]
async fn a_subscription_catches_up_and_goes_on() {
    on_each_server(async |client, stream| {
        begin(&client, &stream, [1, 2]).await;
        let from = StreamPosition::Position(position(&in_all(&client, &stream).await[0]));
        let options = SubscribeToAllOptions::default().position(from);
        let mut subscription = client.subscribe_to_all(&options).await;
        let mut seen = Vec::new();
        let mut caught_up = false;
        while seen.len() < 2 {
            match subscription.next_subscription_event().await.unwrap() {
                SubscriptionEvent::EventAppeared(event)
                    if event.get_original_stream_id() == stream =>
                {
                    seen.push(event.get_original_event().id.as_u128());
                }
                SubscriptionEvent::CaughtUp(_) if !caught_up => {
                    caught_up = true;
                    append(&client, &stream, StreamRevision(1), events([3])).await.unwrap();
                }
                _ => {}
            }
        }
        assert_eq!(seen, [2, 3], "after its position");
    })
    .await;
}

#[tokio::test]
async fn a_server_tells_its_version() {
    let server = StandIn::start(Settings::default().version(Some("24.10.1")));
    let client = connect(&server.address());
    let version = client.server_info().await.unwrap().version();
    assert!(version == (24, 10, 1));
    let old = StandIn::start(Settings::default().version(None));
    let client = connect(&old.address());
    assert!(client.server_info().await.unwrap().version() == (0, 0, 0));
}
