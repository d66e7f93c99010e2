//! The pause of a log in a file: nobody writes in it, it ends with whoever made it, and a log that
//! went elsewhere stays closed.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use docket::log::{EventLog, Expected, LogError, Moved, OpenError, SqliteLog};

use super::engines::{Engine, event, read, stream, turns, write};

async fn append(log: &dyn EventLog) -> Result<(), LogError> {
    let name = stream("after");
    let tip = Expected::from(log.stream_revision(&name).await.unwrap());
    log.append(&name, tip, vec![event(1)]).await.map(drop)
}

fn notice(events: u64) -> Moved {
    Moved { to: "elsewhere:1".to_owned(), at_us: 1_700_000_000_000_000, events, root: [0xab; 32] }
}

fn beside(path: &Path, suffix: &str) -> std::path::PathBuf {
    format!("{}{suffix}", path.display()).into()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_stops_writers_and_ends_when_it_is_dropped() {
    let writer = Engine::Sqlite.open().await;
    write(&*writer, &turns(3)).await;
    let reader = SqliteLog::open_reader(writer.path()).unwrap();
    // From the side and by the writer itself.
    for pauser in [&reader as &dyn EventLog, &*writer] {
        let pause = pauser.pause("elsewhere:1").await.unwrap();
        let refused = append(&*writer).await;
        assert!(
            matches!(&refused, Err(LogError::Moving(why)) if why.contains("elsewhere:1")),
            "{refused:?}"
        );
        let second = pauser.pause("another:2").await.map(drop);
        assert!(
            matches!(&second, Err(LogError::Unavailable(why)) if why.contains("already")),
            "{second:?}"
        );
        let before = read(&*writer).await.len();
        drop(pause);
        append(&*writer).await.unwrap();
        assert_eq!(read(&*writer).await.len(), before + 1);
        // Given back in order it ends too.
        pauser.pause("elsewhere:1").await.unwrap().end().await.unwrap();
        append(&*writer).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_moved_takes_nothing_more_until_the_mark_is_deleted() {
    let writer = Engine::Sqlite.open().await;
    write(&*writer, &turns(3)).await;
    std::fs::set_permissions(writer.path(), Permissions::from_mode(0o640)).unwrap();
    let reader = SqliteLog::open_reader(writer.path()).unwrap();
    let pause = reader.pause("elsewhere:1").await.unwrap();
    // Marked is only what is as it was said to be.
    let wrong = pause.moved(&notice(4)).await;
    assert!(matches!(&wrong, Err(LogError::Unavailable(why)) if why.contains("3 events")));
    assert!(!beside(&writer.path(), ".moved").exists());
    for _ in 0..2 {
        pause.moved(&notice(3)).await.unwrap();
    }
    pause.end().await.unwrap();
    // Whoever may read the log may read what is said beside it.
    for suffix in [".pause", ".moved"] {
        let mode = std::fs::metadata(beside(&writer.path(), suffix)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o640, "{suffix}");
    }

    let tells = |text: &str| {
        for part in ["elsewhere:1", "2023-11-14T22:13:20", "3 events", "abababab"] {
            assert!(text.contains(part), "{text}");
        }
    };
    match append(&*writer).await {
        Err(LogError::Moving(why)) => tells(&why),
        other => panic!("{other:?}"),
    }
    match reader.pause("another:2").await.map(drop) {
        Err(LogError::Moving(why)) => tells(&why),
        other => panic!("{other:?}"),
    }
    writer.close().await;
    let Err(OpenError::Moved { mark, .. }) = SqliteLog::open_writer(writer.path()) else {
        panic!("a log that moved was opened for writing");
    };
    tells(&SqliteLog::open_writer(writer.path()).err().unwrap().to_string());
    assert_eq!(read(&SqliteLog::open_reader(writer.path()).unwrap()).await.len(), 3);
    std::fs::remove_file(mark).unwrap();
    append(&SqliteLog::open_writer(writer.path()).unwrap()).await.unwrap();
}

/// Appends run without end on several streams while pauses come and go: once a pause holds, the head
/// stays, and whatever was acknowledged stands before it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_lands_while_a_pause_holds() {
    let writer = Engine::Sqlite.open().await;
    let reader = SqliteLog::open_reader(writer.path()).unwrap();
    let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let writers: Vec<_> = (0..6)
        .map(|which| {
            let (log, stop) = (writer.log.clone(), stop.clone());
            tokio::spawn(async move {
                let name = stream(&format!("writer-{which}"));
                let (mut tip, mut refused) = (None, 0);
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    match log.append(&name, Expected::from(tip), vec![event(9)]).await {
                        Ok(appended) => tip = Some(appended.revision),
                        Err(LogError::Moving(_)) => refused += 1,
                        Err(other) => panic!("{other}"),
                    }
                }
                (tip, refused)
            })
        })
        .collect();
    let mut heads = Vec::new();
    for _ in 0..30 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        let pause = reader.pause("elsewhere:1").await.unwrap();
        let head = reader.head().await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        assert_eq!(reader.head().await.unwrap(), head);
        heads.push(head);
        pause.end().await.unwrap();
    }
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    let (mut acknowledged, mut refused) = (0, 0);
    for writer in writers {
        let (tip, no) = writer.await.unwrap();
        acknowledged += tip.map_or(0, |tip| tip + 1);
        refused += no;
    }
    assert_eq!(read(&*writer).await.len() as u64, acknowledged);
    assert!(heads.windows(2).any(|pair| pair[0] < pair[1]), "nobody wrote between the pauses");
    assert!(refused > 0);
}
