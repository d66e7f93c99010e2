//! Text in a drawing: how wide it is, where it breaks, how it is escaped.

/// The size of the small print in pixels; labels of nodes are larger.
pub const SMALL: f64 = 11.0;
/// The size of a node's label in pixels.
pub const LARGE: f64 = 13.0;
/// Height of a line as a multiple of the text's size.
pub const LEADING: f64 = 1.3;

fn is_wide(c: char) -> bool {
    c >= '\u{2e80}'
}

/// An estimate of a text's width in pixels, a little more than most fonts need.
pub fn width(text: &str, size: f64) -> f64 {
    text.chars().map(|c| if is_wide(c) { 1.02 } else { 0.56 }).sum::<f64>() * size
}

/// Breaks a text into lines no wider than `limit`; a word that is wider stands alone.
pub fn wrap(text: &str, size: f64, limit: f64) -> Vec<String> {
    let mut lines = vec![String::new()];
    for piece in pieces(text) {
        let Some(line) = lines.last_mut() else { break };
        if line.is_empty() || width(&format!("{line}{}", piece.trim_end()), size) <= limit {
            line.push_str(&piece);
        } else {
            lines.push(piece);
        }
    }
    lines.into_iter().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
}

/// Words with the space after them; a wide character is a word of its own, with what closes it.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    let mut open = false;
    for c in text.chars() {
        let closes = "，。、；：）】》”†".contains(c);
        match pieces.last_mut() {
            Some(last) if closes || last.ends_with(['(', '[']) || (open && !is_wide(c)) => {
                last.push(c);
            }
            _ => pieces.push(c.to_string()),
        }
        open = !is_wide(c) && c != ' ';
    }
    pieces
}

/// Escapes a text for XML, leaving out what XML cannot carry.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\t' | '\n' | '\r' => escaped.push(' '),
            c if c.is_control() || c == '\u{fffe}' || c == '\u{ffff}' => {}
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_keep_their_width_and_lose_nothing() {
        let lines = wrap("check and accept: unqualified · Art. 17", SMALL, 120.0);
        assert!(
            lines.len() > 1 && lines.iter().all(|line| width(line, SMALL) <= 120.0),
            "{lines:?}"
        );
        assert_eq!(lines.join(" "), "check and accept: unqualified · Art. 17");
        let lines = wrap("试验区建设中：验收不合格，整改中", SMALL, 60.0);
        assert_eq!(lines.concat(), "试验区建设中：验收不合格，整改中");
        assert!(lines.len() > 2 && lines.iter().all(|line| !line.starts_with('，')), "{lines:?}");
    }

    #[test]
    fn what_a_file_says_cannot_leave_its_text() {
        assert_eq!(escape("<script>\"&'\u{1}\n"), "&lt;script&gt;&quot;&amp;&#39; ");
    }
}
