use super::*;
use crate::testing::{Authority, Good, Made};
use kernel_core::FixedClock;
use std::path::Path;

const NAMES: [&str; 3] = ["acme.example", "www.acme.example", "app.acme.example"];

fn rules(trusted: Option<&Authority>) -> Rules {
    Rules {
        names: NAMES.map(str::to_owned).to_vec(),
        trusted: trusted.map(|authority| authority.roots().unwrap()),
    }
}

fn settings(folder: &Path) -> TlsSettings {
    TlsSettings {
        certificate: folder.join("tls.crt"),
        key: folder.join("tls.key"),
        private_authority: true,
        redirect_listen: None,
    }
}

/// What is said of these files: the setting and the problem; nothing when they are taken.
fn said(made: &Made, rules: Rules) -> Option<(String, String)> {
    let folder = tempfile::tempdir().unwrap();
    made.write(folder.path()).unwrap();
    let error = Shown::open(&settings(folder.path()), rules, Clock::System).err()?;
    assert!(!error.to_string().contains("PRIVATE KEY-----\nM"), "no content in the message");
    Some((error.name, error.problem))
}

fn check(made: &Made, rules: Rules, expected: Option<(&str, &str)>) {
    let found = said(made, rules);
    match expected {
        None => assert_eq!(found, None),
        Some((name, part)) => {
            let (setting, problem) = found.expect("it is refused");
            assert!(
                setting == name && problem.contains(part),
                "{setting}: {problem}; expected {name}: {part}"
            );
        }
    }
}

#[test]
fn a_certificate_is_taken_only_if_it_is_good() {
    let ours = Authority::new("ours").unwrap();
    let others = Authority::new("others").unwrap();
    let good = ours.certificate(&NAMES, Good::Now).unwrap();
    check(&good, rules(Some(&ours)), None);
    check(&good, rules(None), None);
    check(&good, rules(Some(&others)), Some((CERTIFICATE, "http.tls_private_authority = true")));
    let wild = ours.certificate(&["acme.example", "*.acme.example"], Good::Now).unwrap();
    check(&wild, rules(Some(&ours)), None);
    for trusted in [Some(&ours), None] {
        let ended = ours.certificate(&NAMES, Good::Past).unwrap();
        check(&ended, rules(trusted), Some((CERTIFICATE, "has ended (2020-01-01")));
        let later = ours.certificate(&NAMES, Good::Later).unwrap();
        check(&later, rules(trusted), Some((CERTIFICATE, "not valid before 2090-01-01")));
        let few = ours.certificate(&["acme.example", "app.acme.example"], Good::Now).unwrap();
        check(&few, rules(trusted), Some((CERTIFICATE, "not good for www.acme.example")));
    }
    // One that stands for itself, as `openssl req -x509` makes it.
    let own = Authority::new("itself").unwrap();
    let named = Made { certificate: own.pem().to_owned(), key: good.key.clone() };
    check(&named, rules(None), Some((CERTIFICATE, "not good for acme.example")));
    check(&named, rules(Some(&ours)), Some((CERTIFICATE, "http.tls_private_authority = true")));
}

#[test]
fn chains_keys_and_files_are_told_apart() {
    let ours = Authority::new("ours").unwrap();
    let others = Authority::new("others").unwrap();
    let good = ours.certificate(&NAMES, Good::Now).unwrap();
    let with = |chain: &[&str]| Made { certificate: chain.concat(), key: good.key.clone() };
    check(&with(&[&good.certificate, ours.pem()]), rules(None), None);
    check(&with(&[&good.certificate, ours.pem()]), rules(Some(&ours)), None);
    let unfit = with(&[&good.certificate, others.pem()]);
    check(&unfit, rules(None), Some((CERTIFICATE, "do not stand for each other")));
    let second = ours.certificate(&NAMES, Good::Now).unwrap();
    let mixed = Made { certificate: good.certificate.clone(), key: second.key };
    check(&mixed, rules(None), Some((KEY, "not the one of the certificate")));
    let empty = |certificate: &str, key: &str| Made { certificate: certificate.into(), key: key.into() };
    check(&empty("", &good.key), rules(None), Some((CERTIFICATE, "no certificate")));
    check(&empty(&good.key, &good.key), rules(None), Some((CERTIFICATE, "no certificate")));
    check(&empty(&good.certificate, "secret"), rules(None), Some((KEY, "no private key")));
    let cut = &good.key[..good.key.len() / 2];
    check(&empty(&good.certificate, cut), rules(None), Some((KEY, "a section has no end")));
    let folder = tempfile::tempdir().unwrap();
    let error = Shown::open(&settings(folder.path()), rules(None), Clock::System).unwrap_err();
    assert!(error.name == CERTIFICATE && error.problem.contains("tls.crt can't be read"), "{error}");
}

#[test]
fn files_that_change_are_taken_and_bad_ones_change_nothing() {
    let ours = Authority::new("ours").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let first = ours.certificate(&NAMES, Good::Now).unwrap();
    first.write(folder.path()).unwrap();
    let shown = Shown::open(&settings(folder.path()), rules(Some(&ours)), Clock::System).unwrap();
    let now = || shown.0.state.lock().key.cert[0].clone();
    let is = |made: &Made| now() == made.parts().unwrap().0;
    assert!(is(&first) && shown.worry().is_none());
    shown.look();
    assert!(is(&first));
    for bad in [
        ours.certificate(&NAMES, Good::Past).unwrap(),
        ours.certificate(&["other.example"], Good::Now).unwrap(),
        Made { certificate: "half a fi".into(), key: first.key.clone() },
    ] {
        bad.write(folder.path()).unwrap();
        shown.look();
        assert!(is(&first), "the former one stays");
    }
    std::fs::remove_file(folder.path().join("tls.key")).unwrap();
    shown.look();
    assert!(is(&first));
    let second = ours.certificate(&NAMES, Good::Now).unwrap();
    second.write(folder.path()).unwrap();
    shown.look();
    assert!(is(&second));
}

#[test]
fn a_certificate_that_was_early_is_taken_when_its_time_has_come() {
    let ours = Authority::new("ours").unwrap();
    let folder = tempfile::tempdir().unwrap();
    ours.certificate(&NAMES, Good::Now).unwrap().write(folder.path()).unwrap();
    let time = FixedClock::at(Clock::System.now());
    let shown =
        Shown::open(&settings(folder.path()), rules(Some(&ours)), Clock::Fixed(time.clone())).unwrap();
    let later = ours.certificate(&NAMES, Good::Later).unwrap();
    later.write(folder.path()).unwrap();
    let is_taken = || {
        shown.look();
        shown.0.state.lock().key.cert[0] == later.parts().unwrap().0
    };
    assert!(!is_taken() && !is_taken());
    time.advance(jiff::SignedDuration::from_hours(70 * 366 * 24));
    assert!(is_taken());
}
