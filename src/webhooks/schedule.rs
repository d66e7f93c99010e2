//! When a delivery is tried again: pure arithmetic.
//!
//! The schedule is the one that Standard Webhooks recommends: at once, then after 5 s, 5 min, 30 min,
//! 2 h, 5 h, 10 h, 14 h, 20 h and 24 h, the last 75 h 35 min after the first. Jitter only adds, so
//! nothing comes sooner than the schedule says.

use chrono::DateTime;

/// Attempts of a delivery where nothing else is configured.
pub const DEFAULT_MAX_ATTEMPTS: u32 = 10;

const SECOND_US: i64 = 1_000_000;
/// The wait after each failed attempt; after the last one named, always that.
const DELAYS_S: [i64; 9] =
    [5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600];
/// What jitter adds at most, as a share of the wait.
const JITTER: f64 = 0.1;
/// The longest wait that a receiver can ask for: it must not put a delivery off for ever.
const MAX_RETRY_AFTER_S: i64 = 24 * 3600;

/// The wait in microseconds after so many failed attempts (from 1 on); `share` from 0 up to 1.
pub fn delay_us(failed_attempts: u32, share: f64) -> i64 {
    let index = usize::try_from(failed_attempts.saturating_sub(1)).unwrap_or(usize::MAX);
    let delay = DELAYS_S[index.min(DELAYS_S.len() - 1)] * SECOND_US;
    // At most 24 h in microseconds, which an f64 holds exactly.
    #[expect(clippy::cast_possible_truncation, reason = "far below 2^53")]
    let jitter = (delay as f64 * JITTER * share.clamp(0.0, 1.0)) as i64;
    delay + jitter
}

/// When to try again: as the schedule says, but not before the receiver asked for it.
pub fn next_attempt_us(
    now_us: i64,
    failed_attempts: u32,
    share: f64,
    retry_after_s: Option<i64>,
) -> i64 {
    let scheduled = now_us.saturating_add(delay_us(failed_attempts, share));
    let asked = retry_after_s.map(|seconds| now_us.saturating_add(seconds * SECOND_US));
    asked.map_or(scheduled, |asked| asked.max(scheduled))
}

/// What a `Retry-After` header asks for, in seconds from now (RFC 9110, 10.2.3): seconds or a date.
/// Nothing where it can't be read; at most a day.
pub fn retry_after_s(value: &str, now_us: i64) -> Option<i64> {
    let value = value.trim();
    let seconds = if value.bytes().all(|byte| byte.is_ascii_digit()) && !value.is_empty() {
        value.parse().unwrap_or(MAX_RETRY_AFTER_S)
    } else {
        let at = DateTime::parse_from_rfc2822(value).ok()?.timestamp();
        at.saturating_sub(now_us.div_euclid(SECOND_US))
    };
    Some(seconds.clamp(0, MAX_RETRY_AFTER_S))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schedule_is_the_recommended_one() {
        let waits: Vec<i64> = (1..10).map(|n| delay_us(n, 0.0) / SECOND_US).collect();
        assert_eq!(waits, [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]);
        let all: i64 = waits.iter().sum();
        assert_eq!(all, 75 * 3600 + 35 * 60 + 5);
        assert_eq!(delay_us(25, 0.0), delay_us(9, 0.0));
        assert_eq!(delay_us(0, 0.0), delay_us(1, 0.0));
    }

    #[test]
    fn jitter_only_adds_and_at_most_a_tenth() {
        for failed in 1..12 {
            let exact = delay_us(failed, 0.0);
            assert_eq!(delay_us(failed, 1.0), exact + exact / 10);
            let between = delay_us(failed, 0.5);
            assert!((exact..exact + exact / 10).contains(&between));
        }
    }

    #[test]
    fn a_receiver_can_ask_for_more_time_and_not_for_less() {
        assert_eq!(next_attempt_us(0, 1, 0.0, None), 5 * SECOND_US);
        assert_eq!(next_attempt_us(0, 1, 0.0, Some(60)), 60 * SECOND_US);
        assert_eq!(next_attempt_us(0, 2, 0.0, Some(60)), 300 * SECOND_US);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        // 1994-11-06 08:49:37 UTC.
        let then = 784_111_777;
        let now = (then - 90) * SECOND_US;
        assert_eq!(retry_after_s("120", now), Some(120));
        assert_eq!(retry_after_s("Sun, 06 Nov 1994 08:49:37 GMT", now), Some(90));
        assert_eq!(retry_after_s("Sun, 06 Nov 1994 08:49:37 GMT", then * 2 * SECOND_US), Some(0));
        assert_eq!(retry_after_s("99999999999999999999", now), Some(MAX_RETRY_AFTER_S));
        for unreadable in ["", "soon", "-5", "1.5"] {
            assert_eq!(retry_after_s(unreadable, now), None, "{unreadable}");
        }
    }
}
