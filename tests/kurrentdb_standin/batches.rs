//! What appends on one batch call are answered.

use kurrentdb::StreamState::{NoStream, StreamRevision};
use kurrentdb::{BatchAppendOptions, Error};

use super::{Settings, StandIn, begin, connect, contents, event, events, in_all, on_each_server};
use crate::standin::{Call, Fault};

const ALREADY_EXISTS: i32 = 6;

#[tokio::test]
async fn appends_in_flight_keep_their_order() {
    on_each_server(async |client, stream| {
        let batch = client.batch_append(&BatchAppendOptions::default()).await.unwrap();
        let names = [format!("{stream}-a"), format!("{stream}-b")];
        // Polled in this order, and none awaited before the last is sent.
        let sent = (0..100_u64).map(|n| {
            let expected = (n / 2).checked_sub(1).map_or(NoStream, StreamRevision);
            let name = names[n as usize % 2].clone();
            batch.append_to_stream(name, expected, events([n as u128 + 1]).into_iter().collect())
        });
        let answers = futures_util::future::join_all(sent).await;
        let answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
        let positions: Vec<_> =
            answers.iter().map(|answer| answer.current_position().unwrap()).collect();
        assert!(positions.is_sorted_by(|a, b| a < b), "{positions:?}");
        let revisions = answers.iter().map(|answer| answer.current_revision().unwrap());
        assert!(revisions.eq((0..100).map(|n| n / 2)));
        assert_eq!(in_all(&client, &names[0]).await.len(), 50);
    })
    .await;
}

#[tokio::test]
async fn a_retry_is_answered_as_the_first_time_and_a_conflict_ends_the_session() {
    on_each_server(async |client, stream| {
        begin(&client, &stream, [1, 2]).await;
        let first = in_all(&client, &stream).await[0].get_original_event().position;
        let batch = client.batch_append(&BatchAppendOptions::default()).await.unwrap();
        let again = batch.append_to_stream(&stream, NoStream, vec![event(1, "1")]).await.unwrap();
        assert_eq!((again.current_revision(), again.current_position()), (Some(0), Some(first)));
        let wrong = batch.append_to_stream(&stream, NoStream, vec![event(9, "9")]);
        let behind = batch.append_to_stream(&stream, StreamRevision(1), vec![event(3, "3")]);
        let (wrong, behind) = futures_util::future::join(wrong, behind).await;
        assert!(matches!(wrong, Err(Error::Grpc { code, .. }) if code as i32 == ALREADY_EXISTS));
        assert!(matches!(behind, Err(Error::ServerError(_))), "sent, written or not");
        let contents = contents(&client, &stream).await;
        assert!(contents.starts_with(&[(0, 1), (1, 2)]) && contents.len() <= 3);
    })
    .await;
}

#[tokio::test]
async fn a_clean_end_leaves_what_is_pending_without_an_answer() {
    let server = StandIn::start(Settings::default());
    let client = connect(&server.address());
    for written in [true, false] {
        let name = format!("ends-{written}");
        server.control().fail_next(Call::Batched, 1, Fault::EndCall { written });
        let batch = client.batch_append(&BatchAppendOptions::default()).await.unwrap();
        let pending = batch.append_to_stream(&name, NoStream, vec![event(1, "1")]);
        let limit = std::time::Duration::from_millis(300);
        assert!(tokio::time::timeout(limit, pending).await.is_err());
        let stands = server.control().streams().contains_key(&name);
        assert_eq!(stands, written);
    }
}
