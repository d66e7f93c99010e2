use super::*;
use actix_web::body::{BodySize, MessageBody, to_bytes};
use actix_web::http::Method;
use futures_util::stream;
use std::task::Poll;

fn a() -> String {
    "a".to_owned()
}

fn small() -> Arc<Outgoing> {
    let (streams, bytes) = (3, 64 * 1024);
    let (streams_of_one, bytes_of_one, patience) = (2, 32 * 1024, Duration::from_secs(30));
    Outgoing::new(Limits { streams, streams_of_one, bytes, bytes_of_one, patience })
}

#[test]
fn streams_are_counted_for_each_and_for_all() {
    let outgoing = small();
    let one = (outgoing.open("a").unwrap(), outgoing.open("a").unwrap());
    let refused = outgoing.open("a").unwrap_err();
    assert_eq!((refused.code(), refused.status().as_u16()), (Code::RateLimited, 429));
    let other = outgoing.open("b").unwrap();
    let refused = outgoing.open("c").unwrap_err();
    assert_eq!((refused.code(), refused.status().as_u16()), (Code::ServerBusy, 503));
    assert_eq!(outgoing.streams(), 3);
    assert_eq!(outgoing.refused()[0], ("streams", 2));
    drop((one, other));
    assert_eq!(outgoing.streams(), 0);
    outgoing.open("a").unwrap();
}

#[tokio::test(start_paused = true)]
async fn who_takes_nothing_keeps_only_itself_waiting() {
    let outgoing = small();
    let held = outgoing.room("a", 32 * 1024).await.unwrap();
    assert_eq!(outgoing.bytes(), 32 * 1024);
    assert_eq!(outgoing.room("a", 1).await.unwrap_err().code(), Code::RateLimited);
    let other = outgoing.room("b", 30_000).await.unwrap();
    assert_eq!(outgoing.room("c", 8 * 1024).await.unwrap_err().code(), Code::ServerBusy);
    drop(held);
    // More than a share is a share.
    let all = outgoing.room("a", 1 << 30).await.unwrap();
    drop((all, other));
    assert_eq!(outgoing.bytes(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_part_has_the_room_that_it_needs_until_it_is_taken() {
    let outgoing = small();
    let open = outgoing.open("a").unwrap();
    let room = open.room(8 * 1024).await.unwrap();
    let room = open.fit(room, 2 * 1024).await.unwrap();
    assert_eq!(outgoing.bytes(), 2 * 1024);
    let room = open.fit(room, 5 * 1024).await.unwrap();
    assert_eq!(outgoing.bytes(), 5 * 1024);
    let bytes = Bytes::from(vec![7; PIECE_BYTES + 10]);
    let first = Part { bytes, room: Some(room) };
    let last = Part { bytes: Bytes::from_static(b"end"), room: None };
    let none = Part { bytes: Bytes::new(), room: None };
    let parts = stream::iter([Ok(first), Ok(none), Ok(last)]);
    let none = Part { bytes: Bytes::new(), room: None };
    let streaming = Streaming { parts: Box::pin(parts), left: none, _open: open };
    let (piece, streaming) = streaming.piece().await.unwrap();
    assert_eq!((piece.unwrap().len(), outgoing.bytes()), (PIECE_BYTES, 5 * 1024));
    let (piece, streaming) = streaming.piece().await.unwrap();
    assert_eq!((piece.unwrap().len(), outgoing.bytes()), (10, 5 * 1024));
    let (piece, streaming) = streaming.piece().await.unwrap();
    assert_eq!((piece.unwrap(), outgoing.bytes()), (Bytes::from_static(b"end"), 0));
    assert!(streaming.piece().await.is_none());
    assert_eq!(outgoing.streams(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_large_answer_has_a_deadline_as_a_whole() {
    let outgoing = Outgoing::new(Limits::default());
    let large = || HttpResponse::Ok().body(vec![1; 3 * PIECE_BYTES]);
    let answered = bounded(&outgoing, a, &Method::GET, large()).await.unwrap();
    assert_eq!(outgoing.bytes(), 3 * PIECE_BYTES as u64);
    assert_eq!(to_bytes(answered.into_body()).await.unwrap(), vec![1; 3 * PIECE_BYTES]);
    assert_eq!(outgoing.bytes(), 0);
    let slow = bounded(&outgoing, a, &Method::GET, large()).await.unwrap();
    tokio::time::advance(Duration::from_secs(30 + 13)).await;
    assert!(to_bytes(slow.into_body()).await.is_err());
    assert_eq!(outgoing.bytes(), 0);
}

/// HEAD of a stream read the whole log and threw it away.
#[tokio::test]
async fn a_head_makes_no_body() {
    let outgoing = Outgoing::new(Limits::default());
    let never = stream::poll_fn(|_| -> Poll<Option<Result<Bytes, Problem>>> { panic!("asked") });
    let stream = HttpResponse::Ok().streaming(never);
    let head = bounded(&outgoing, a, &Method::HEAD, stream).await.unwrap();
    assert_eq!(head.body().size(), BodySize::Stream);
    assert_eq!(to_bytes(head.into_body()).await.unwrap().len(), 0);
    let large = HttpResponse::Ok().body(vec![1; 1 << 20]);
    let head = bounded(&outgoing, a, &Method::HEAD, large).await.unwrap();
    assert_eq!((head.body().size(), outgoing.bytes()), (BodySize::Sized(1 << 20), 0));
}
