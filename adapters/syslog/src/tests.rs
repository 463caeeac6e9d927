//! The sender against receivers over real sockets.

use super::*;
use crate::message::Origin;
use crate::testing::{Receiver, eventually};
use kernel_core::FixedClock;
use kernel_core::settings::SyslogSettings;
use kernel_tls::testing::{Authority, Good};

const HERE: &[&str] = &["localhost", "127.0.0.1"];
const LONG: Duration = Duration::from_secs(10);

fn clock() -> Clock {
    Clock::Fixed(FixedClock::at("2026-11-22T03:04:05.678901Z".parse().unwrap()))
}

fn settings(port: u16, authority: &Authority, folder: &std::path::Path) -> SyslogSettings {
    let file = folder.join("ca.pem");
    std::fs::write(&file, authority.pem()).unwrap();
    SyslogSettings { host: "localhost".into(), port, authority: Some(file) }
}

#[test]
fn a_message_says_when_what_and_whence() {
    let origin = Origin::here();
    let frame = |level, security, text: &str| {
        let line = Line { at: clock().now(), level, security, text: text.into() };
        let mut out = Vec::new();
        origin.frame(&line, &mut out);
        String::from_utf8(out).unwrap()
    };
    for (level, security, priority) in [
        (Level::ERROR, false, 131),
        (Level::WARN, false, 132),
        (Level::INFO, false, 134),
        (Level::DEBUG, false, 135),
        (Level::WARN, true, 84),
    ] {
        let text = frame(level, security, "{\"a\":\"é\"}");
        let (length, message) = text.split_once(' ').unwrap();
        assert_eq!(length.parse::<usize>().unwrap(), message.len(), "{text}");
        let parts: Vec<&str> = message.splitn(8, ' ').collect();
        assert_eq!(parts[0], format!("<{priority}>1"));
        assert_eq!(parts[1], "2026-11-22T03:04:05.678901Z");
        assert!(!parts[2].is_empty() && parts[3] == "nclc");
        assert_eq!(parts[4], std::process::id().to_string());
        assert_eq!(parts[5..], ["-", "-", "{\"a\":\"é\"}"]);
    }
    // Cut where a character ends, so that no receiver cuts it itself.
    for text in ["é".repeat(10_000), format!("a{}", "é".repeat(10_000))] {
        let text = frame(Level::INFO, false, &text);
        let (length, message) = text.split_once(' ').unwrap();
        assert_eq!(length.parse::<usize>().unwrap(), message.len());
        assert!((crate::message::MOST - 1..=crate::message::MOST).contains(&message.len()), "{length}");
    }
}

#[test]
fn lines_arrive_whole_in_order_and_the_last_ones_before_the_end() {
    let (ours, folder) = (Authority::new("ours").unwrap(), tempfile::tempdir().unwrap());
    let receiver = Receiver::start(&ours.certificate(HERE, Good::Now).unwrap(), 0);
    let syslog = Syslog::start(&settings(receiver.port, &ours, folder.path()), clock()).unwrap();
    let outlet = syslog.outlet();
    outlet.send(Level::INFO, "access", b"{\"n\":0}\n");
    eventually("the first line", || receiver.lines().len() == 1);
    for number in 1..5_000 {
        outlet.send(Level::WARN, "security", format!("{{\"n\":{number}}}\n").as_bytes());
    }
    outlet.send(Level::INFO, "access", "x".repeat(8_000).as_bytes());
    assert!(syslog.finish(LONG), "all was sent");
    eventually("the last line", || receiver.lines().len() == 5_001);
    let lines = receiver.lines();
    assert!(
        lines[0].starts_with("<134>1 2026-11-22T03:04:05.678901Z ") && lines[0].ends_with("- - {\"n\":0}")
    );
    for (number, line) in lines.iter().enumerate().take(5_000).skip(1) {
        assert!(line.starts_with("<84>1 ") && line.ends_with(&format!(" {{\"n\":{number}}}")), "{line}");
    }
    assert!(lines[5_000].ends_with(&"x".repeat(8_000)));
    assert_eq!((receiver.connections(), receiver.clean_ends()), (1, 1));
}

#[test]
fn a_receiver_that_goes_and_comes_back_misses_nothing_that_waited() {
    let (ours, folder) = (Authority::new("ours").unwrap(), tempfile::tempdir().unwrap());
    let made = ours.certificate(HERE, Good::Now).unwrap();
    let first = Receiver::start(&made, 0);
    let port = first.port;
    let syslog = Syslog::start(&settings(port, &ours, folder.path()), clock()).unwrap();
    let outlet = syslog.outlet();
    outlet.send(Level::INFO, "access", b"before");
    eventually("the line before", || first.lines().len() == 1);
    first.stop();
    for number in 0..100 {
        outlet.send(Level::INFO, "access", format!("meanwhile {number}").as_bytes());
    }
    std::thread::sleep(Duration::from_millis(400));
    let second = Receiver::start(&made, port);
    eventually("the lines of meanwhile", || second.lines().len() == 100);
    assert!(second.lines()[99].ends_with("meanwhile 99"));
    assert!(syslog.finish(LONG));
}

#[test]
fn only_a_receiver_with_the_right_certificate_is_told_anything() {
    let (ours, others) = (Authority::new("ours").unwrap(), Authority::new("others").unwrap());
    let folder = tempfile::tempdir().unwrap();
    for made in [
        others.certificate(HERE, Good::Now).unwrap(),
        ours.certificate(&["logs.example"], Good::Now).unwrap(),
        ours.certificate(HERE, Good::Past).unwrap(),
    ] {
        let receiver = Receiver::start(&made, 0);
        let syslog = Syslog::start(&settings(receiver.port, &ours, folder.path()), clock()).unwrap();
        syslog.outlet().send(Level::INFO, "access", b"secret");
        eventually("a try", || receiver.connections() > 0);
        let began = Instant::now();
        assert!(!syslog.finish(Duration::from_millis(500)), "nothing was sent");
        assert!(began.elapsed() < Duration::from_secs(5), "the end does not wait for ever");
        assert_eq!(receiver.lines(), Vec::<String>::new());
    }
}

#[test]
fn who_writes_never_waits_and_what_finds_no_place_is_counted() {
    let (ours, folder) = (Authority::new("ours").unwrap(), tempfile::tempdir().unwrap());
    // Takes connections and never answers: the greeting does not come about.
    let deaf = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = deaf.local_addr().unwrap().port();
    let syslog = Syslog::start(&settings(port, &ours, folder.path()), clock()).unwrap();
    let outlet = syslog.outlet();
    let began = Instant::now();
    let line = vec![b'x'; 100];
    for _ in 0..MOST_LINES + 5_000 {
        outlet.send(Level::INFO, "access", &line);
    }
    let dropped = outlet.shared.dropped.load(Relaxed);
    // The sender may hold a batch of them.
    let batch = u64::try_from((64 << 10) / 100).unwrap();
    assert!((5_000 - batch..=5_000).contains(&dropped), "{dropped}");
    let large = vec![b'x'; MOST_BYTES];
    outlet.send(Level::INFO, "access", &large);
    assert_eq!(outlet.shared.dropped.load(Relaxed), dropped + 1, "bytes are bounded, too");
    assert!(outlet.shared.bytes.load(Relaxed) <= MOST_BYTES);
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    assert!(!syslog.finish(Duration::from_millis(100)));
}

#[test]
fn settings_that_will_not_do_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let ours = Authority::new("ours").unwrap();
    let mut wrong = settings(6514, &ours, folder.path());
    wrong.authority = Some(folder.path().join("nowhere.pem"));
    let error = Syslog::start(&wrong, clock()).unwrap_err();
    assert_eq!(error.name, "NCLC_LOGS_SYSLOG_AUTHORITY");
    assert!(error.problem.contains("nowhere.pem"), "{error}");
    let mut wrong = settings(6514, &ours, folder.path());
    wrong.host = "-".repeat(300);
    assert_eq!(Syslog::start(&wrong, clock()).unwrap_err().name, "NCLC_LOGS_SYSLOG");
}
