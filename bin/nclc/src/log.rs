//! What the program writes down: JSON lines, times in UTC, one line an event whatever its values contain. There is one place
//! that they go to, standard error, and no other.

use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// Turns events into lines.
pub fn lines<W>(filter: EnvFilter, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    tracing_subscriber::fmt().json().flatten_event(true).with_env_filter(filter).with_writer(writer).finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);
    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn no_value_makes_a_line_of_its_own_and_every_line_has_a_time_in_utc() {
        let kept = Kept::default();
        let writer = kept.clone();
        let forged = "x\r\n{\"level\":\"INFO\",\"message\":\"forged\"}\n\u{2028}\u{1b}[31m\0\u{85}\"}";
        tracing::subscriber::with_default(lines(EnvFilter::new("info"), move || writer.clone()), || {
            tracing::info!(path = forged, agent = %forged, "{forged}");
            tracing::warn!(target: "security", path = forged, "refused");
            tracing::debug!("below the filter");
        });
        let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<&str> = text.split_terminator('\n').collect();
        assert_eq!(lines.len(), 2, "{text}");
        assert!(text.chars().all(|c| c == '\n' || !c.is_ascii_control()), "{text:?}");
        for line in &lines {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            assert_eq!(line["path"], forged, "the value is whole");
            assert_ne!(line["message"], "forged");
            let at = line["timestamp"].as_str().unwrap();
            assert!(at.ends_with('Z') && at.parse::<jiff::Timestamp>().is_ok(), "{at}");
            for name in ["level", "target"] {
                assert!(line[name].is_string(), "{line}");
            }
        }
    }
}
