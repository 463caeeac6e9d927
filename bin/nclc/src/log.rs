//! What the program writes down: JSON lines, times in UTC, one line an event whatever its values contain. They go to
//! standard error, and with `logs.syslog` the same lines to another system; there is no third place.

use adapter_syslog::Outlet;
use std::io;
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::writer::MakeWriterExt as _;

/// Turns events into lines.
pub fn lines<W>(filter: EnvFilter, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    tracing_subscriber::fmt().json().flatten_event(true).with_env_filter(filter).with_writer(writer).finish()
}

/// The same lines, each of them also to the other system.
pub fn lines_to<W>(filter: EnvFilter, writer: W, outlet: Outlet) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    lines(filter, Copies(outlet).and(writer))
}

/// Hands each line on with what its event says of itself.
struct Copies(Outlet);

struct Copy<'a> {
    outlet: &'a Outlet,
    level: Level,
    target: String,
}

impl<'a> MakeWriter<'a> for Copies {
    type Writer = Copy<'a>;
    fn make_writer(&'a self) -> Copy<'a> {
        Copy { outlet: &self.0, level: Level::INFO, target: String::new() }
    }
    fn make_writer_for(&'a self, event: &Metadata<'_>) -> Copy<'a> {
        Copy { outlet: &self.0, level: *event.level(), target: event.target().to_owned() }
    }
}

impl io::Write for Copy<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.outlet.send(self.level, &self.target, line);
        Ok(line.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use adapter_syslog::Syslog;
    use adapter_syslog::testing::{Receiver, eventually};
    use kernel_core::Clock;
    use kernel_core::settings::SyslogSettings;
    use kernel_tls::testing::{Authority, Good};
    use std::io::Write;
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

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

    #[test]
    fn the_other_system_gets_what_standard_error_gets() {
        let authority = Authority::new("ours").unwrap();
        let receiver = Receiver::start(&authority.certificate(&["localhost"], Good::Now).unwrap(), 0);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        std::fs::write(&file, authority.pem()).unwrap();
        let place = SyslogSettings { host: "localhost".into(), port: receiver.port, authority: Some(file) };
        let syslog = Syslog::start(&place, Clock::System).unwrap();
        let kept = Kept::default();
        let writer = kept.clone();
        let both = lines_to(EnvFilter::new("info"), move || writer.clone(), syslog.outlet());
        tracing::subscriber::with_default(both, || {
            tracing::info!(target: "access", path = "/a\nb", "request");
            tracing::warn!(target: "security", code = "forbidden", "refused");
            tracing::error!(secret = ?kernel_core::Secret::new("hunter2"), "failed");
            tracing::debug!("below the filter");
        });
        assert!(syslog.finish(Duration::from_secs(10)));
        eventually("three messages", || receiver.lines().len() == 3);
        let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let messages = receiver.lines();
        for ((line, message), priority) in lines.iter().zip(&messages).zip(["<134>1 ", "<84>1 ", "<131>1 "]) {
            assert!(message.starts_with(priority), "{message}");
            assert!(message.ends_with(&format!(" - - {line}")), "letter for letter: {message}, {line}");
        }
        assert!(lines.len() == 3 && !text.contains("hunter2"), "{text}");
    }
}
